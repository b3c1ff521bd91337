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
program=$1
runs() {
  # The number alone could be another process's by now. Until exec, it is still the shell.
  exe=$(readlink "/proc/$pid/exe") && [ -n "$exe" ] &&
    { [ "$exe" = "$(readlink -f "$program")" ] || grep -qF "$pidfile" "/proc/$pid/cmdline"; }
}
exec 3<&0 </dev/null
(
  # Whoever started this may say that it will be told when to stop. Then it is also stopped when the
  # session ends before it does, and nobody looks after it (watch.sh touches the file) for 6 s: Packer
  # does not wait for a provisioner when it is interrupted, and may die.
  exec >/dev/null 2>&1
  cd /
  read -r word <&3 && [ "$word" = harden-listen ] || exit
  left=6 seen=
  read -r word <&3 && [ "$word" = harden-stop ] && left=0
  runs || exit
  while [ "$left" -gt 0 ]; do
    now=$(ls -ln --full-time "$pidfile") || exit
    if [ "$now" = "$seen" ]; then left=$((left - 1)); else seen=$now left=6; fi
    sleep 1
  done
  : >"$pidfile.stopped"
  ! runs || kill -s TERM "$pid"
) &
if [ "$lease" -gt 0 ]; then
  # What nobody removes within so many seconds after the run, and without another run after it, is
  # removed here; at once, almost, when the run was stopped.
  (
    dir=${pidfile%/*}
    exec 3<&- >/dev/null 2>&1
    cd /
    while [ -d "$dir" ] && [ "$lease" -gt 0 ]; do
      if ! runs; then
        [ ! -e "$pidfile.stopped" ] || [ "$lease" -le 3 ] || lease=3
        lease=$((lease - 1))
      fi
      sleep 1
    done
    if [ "$(ls -t "$dir" | grep '\.pid$' | head -n 1)" = "${pidfile##*/}" ]; then
      rm -rf "${dir:?}"
    fi
  ) &
fi
exec 3<&-
exec "$@"
