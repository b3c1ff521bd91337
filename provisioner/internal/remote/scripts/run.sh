# Becomes the program $3, and leaves its process id in the file $1 so that it can be waited for or
# stopped. It outlives the session: what it does to the machine may cut that.
trap '' HUP
export NO_COLOR=1
umask 077
# Not if the file is there: watch.sh has given this run up (see there).
set -C
echo "$$" >"$1" || exit 126
set +C
pidfile=$1 lease=$2 pid=$$
shift 2
if [ "$lease" -gt 0 ]; then
  # Packer does not wait for a provisioner when it is interrupted, and may die: what nobody removes
  # within so many seconds after the run, and without another run after it, is removed here.
  (
    dir=${pidfile%/*}
    exec </dev/null >/dev/null 2>&1
    cd /
    while [ -d "$dir" ] && [ "$lease" -gt 0 ]; do
      kill -0 "$pid" || lease=$((lease - 1))
      sleep 1
    done
    if [ "$(ls -t "$dir" | grep '\.pid$' | head -n 1)" = "${pidfile##*/}" ]; then
      rm -rf "${dir:?}"
    fi
  ) &
fi
exec "$@"
