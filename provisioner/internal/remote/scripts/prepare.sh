# Says what the machine is, and makes a private directory from which programs can be run.
# $1 is the token that marks our lines, $2 the directory's name, $3 the seconds after which a directory
# in which nothing happens any more removes itself (0: never), the rest are folders to try.
token=$1 name=$2 lease=$3
shift 3
say() { printf '%s %s=%s\n' "$token" "$1" "$2"; }
fact() { sed -n "s/^$1=//p" /etc/os-release 2>/dev/null | tr -d "\"'" | tail -n 1; }

say system "$(uname -s)"
say machine "$(uname -m)"
say uid "$(id -u)"
say user "$(id -un)"
say connection "${SSH_CONNECTION-}"
say os "$(fact ID)"
say version "$(fact VERSION_ID)"

# Packer does not wait for a provisioner when it is interrupted, and may die. What arrives here counts
# as a sign of life; once there is a run, run.sh watches instead.
watch() {
  trap '' HUP
  exec </dev/null >/dev/null 2>&1
  cd /
  seen= left=$lease
  while [ "$left" -gt 0 ]; do
    sleep 1
    now=$(ls -ln --full-time "$dir") || exit
    case $now in
      *.pid*) exit ;;
      "$seen") left=$((left - 1)) ;;
      *) seen=$now left=$lease ;;
    esac
  done
  rm -rf "${dir:?}"
}

umask 077
for base in "$@"; do
  case $base in
    home) base=${HOME-} ;;
    runtime) base=${XDG_RUNTIME_DIR:-/run/user/$(id -u)} ;;
  esac
  case $base in
    /?*) ;;
    *) continue ;;
  esac
  dir=$base/$name
  if ! mkdir -m 0700 "$dir" 2>/dev/null; then
    say refused "$base: no directory can be made there"
    continue
  fi
  if ! printf '#!/bin/sh\nexit 0\n' 2>/dev/null >"$dir/try"; then
    say refused "$base: no file can be written there"
  elif chmod 0700 "$dir/try" && "$dir/try" 2>/dev/null; then
    rm -f "$dir/try"
    say directory "$dir"
    [ "$lease" -eq 0 ] || watch &
    break
  else
    say refused "$base: programs cannot be run there (noexec)"
  fi
  rm -rf "$dir"
done
say done 1
exit 0
