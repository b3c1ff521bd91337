# Removes the directories of the name $2 from the folders that prepare.sh may have made them in, and
# says what is left.
token=$1 name=$2
shift 2
for base in "$@"; do
  case $base in
    home) base=${HOME-} ;;
    runtime) base=${XDG_RUNTIME_DIR:-/run/user/$(id -u)} ;;
  esac
  case $base in
    /?*) ;;
    *) continue ;;
  esac
  [ ! -d "$base/$name" ] || rm -rf "${base:?}/${name:?}" 2>/dev/null
  [ ! -e "$base/$name" ] || printf '%s left=%s\n' "$token" "$base"
done
printf '%s done=1\n' "$token"
exit 0
