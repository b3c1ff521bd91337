#!/bin/sh
# Boots systemd in a container over a copy-on-write layer of this machine's root, and runs a program
# in it: boot.sh DIR PROGRAM ARG... Needs root and the packages systemd, systemd-container and
# util-linux. It is to be run in a mount namespace of its own (unshare -m --propagation private), which
# takes its mounts away when it ends.
set -eu
dir=$1
shift
mount -t tmpfs tmpfs "$dir"
mkdir "$dir/upper" "$dir/work" "$dir/root"
mount -t overlay -o "lowerdir=/,upperdir=$dir/upper,workdir=$dir/work" overlay "$dir/root"
# What this machine would start is of no interest.
rm -rf "$dir/root/etc/systemd/system" "$dir/root/etc/fstab"
mkdir -p "$dir/root/etc/systemd/system"
: >"$dir/root/etc/machine-id"
cp "$1" "$dir/root/program"
shift

# systemd wants the unified hierarchy, which some build machines do not mount.
if [ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ]; then
	umount -R /sys/fs/cgroup 2>/dev/null || true
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
fi
group=/sys/fs/cgroup/harden-test-$$
mkdir "$group"
echo $$ >"$group/cgroup.procs"

systemd-nspawn --quiet --directory "$dir/root" --machine "harden-test-$$" --register=no --keep-unit \
	--private-network --console=read-only --boot systemd.unit=basic.target >"$dir/console" 2>&1 &
nspawn=$!
end() {
	kill -KILL "$nspawn" 2>/dev/null || true
	wait "$nspawn" 2>/dev/null || true
	echo $$ >/sys/fs/cgroup/cgroup.procs
	find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
}
trap end EXIT

# The container's init is the one child of nspawn's that has a root of its own.
tries=0
init=
while [ $tries -lt 150 ]; do
	for pid in $(cat "/proc/$nspawn/task/$nspawn/children" 2>/dev/null); do
		if [ -S "/proc/$pid/root/run/systemd/private" ]; then init=$pid; fi
	done
	if [ -n "$init" ]; then break; fi
	tries=$((tries + 1))
	sleep 0.1
done
if [ -z "$init" ]; then
	echo "systemd did not boot:" >&2
	cat "$dir/console" >&2
	exit 1
fi
nsenter --target "$init" --mount --uts --ipc --net --pid --root --wd=/ -- /program "$@"
