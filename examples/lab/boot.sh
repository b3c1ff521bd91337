# Runs one container, again after each of its reboots, in a mount namespace of its own.
# usage: sh boot.sh HIERARCHY GROUP COMMAND...
# HIERARCHY is a mounted cgroup v2 hierarchy, GROUP the path of the container's control group.
set -eu
hierarchy=$1 group=$2
shift 2

# The container needs cgroup v2, whatever the host has there. systemd-nspawn leaves state in /run that outlives a
# killed container, and would ask a systemd in /run for favours: it gets a /run of its own.
mount --bind "$hierarchy" /sys/fs/cgroup
mount -t tmpfs -o mode=0755 tmpfs /run

while :; do
  status=0
  sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$@" </dev/null || status=$?
  # systemd-nspawn --keep-unit asks for a reboot with 133.
  [ "$status" -eq 133 ] || exit "$status"
  find "$group" -mindepth 1 -depth -type d -exec rmdir {} + 2>/dev/null || :
done
