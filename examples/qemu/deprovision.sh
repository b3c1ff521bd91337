# Takes away what each node must have of its own, as waagent -deprovision+user does in images that have it.
set -eu

cloud-init clean --logs --seed
rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub /etc/hostname
# Empty: each node makes its own. Absent or "uninitialized", the boot would be a first one to systemd, which enables
# units by its presets, also those that hardening has disabled.
: >/etc/machine-id
rm -f /var/lib/systemd/random-seed
rm -rf /var/log/journal/* /root/.ssh /root/.bash_history

rm -f /etc/sudoers.d/90-cloud-init-users
userdel --force --remove ${user}

# Nobody can log in any more, to shut the machine down: it waits for a file that the last session can make.
systemd-run --quiet --unit=shutdown-image --path-property=PathExists=/dev/shm/shutdown systemctl poweroff
