profile "cis-ubuntu-22.04" {
  version   = "1.1"
  benchmark = "CIS Ubuntu Linux 22.04 LTS Benchmark v3.0.0"

  sections = {
    "1" = "Base system"
    "2" = "Services, time and jobs"
    "3" = "Network"
    "4" = "Firewall"
    "5" = "Logins and privileges"
    "6" = "Logs and audit"
    "7" = "Files and accounts"
  }

  platform {
    os      = "ubuntu"
    version = "22.04"
  }

  control "1.1.1.1" {
    level = 1
    rules = ["kmod-cramfs-disabled"]
  }

  control "1.1.1.2" {
    level = 1
    rules = ["kmod-freevxfs-disabled"]
  }

  control "1.1.1.3" {
    level = 1
    rules = ["kmod-hfs-disabled"]
  }

  control "1.1.1.4" {
    level = 1
    rules = ["kmod-hfsplus-disabled"]
  }

  control "1.1.1.5" {
    level = 1
    rules = ["kmod-jffs2-disabled"]
  }

  control "1.1.1.6" {
    level = 2
    rules = ["kmod-overlayfs-disabled"]
  }

  control "1.1.1.7" {
    level = 2
    rules = ["kmod-squashfs-disabled"]
  }

  control "1.1.1.8" {
    level = 2
    rules = ["kmod-udf-disabled"]
  }

  control "1.1.1.9" {
    level = 1
    rules = ["kmod-usb-storage-disabled"]
  }

  control "1.1.1.10" {
    level = 1
    rules = ["file-systems-unused"]
  }

  control "1.1.1.11" {
    level = 1
    rules = ["kmod-firewire-core-disabled"]
  }

  control "1.1.2.1.1" {
    level = 1
    rules = ["tmp-separate"]
  }

  control "1.1.2.1.2" {
    level = 1
    rules = ["tmp-nodev"]
  }

  control "1.1.2.1.3" {
    level = 1
    rules = ["tmp-nosuid"]
  }

  control "1.1.2.1.4" {
    level = 1
    rules = ["tmp-noexec"]
  }

  control "1.1.2.2.1" {
    level = 1
    rules = ["shm-separate"]
  }

  control "1.1.2.2.2" {
    level = 1
    rules = ["shm-nodev"]
  }

  control "1.1.2.2.3" {
    level = 1
    rules = ["shm-nosuid"]
  }

  control "1.1.2.2.4" {
    level = 1
    rules = ["shm-noexec"]
  }

  control "1.1.2.3.1" {
    level = 2
    rules = ["home-separate"]
  }

  control "1.1.2.3.2" {
    level = 1
    rules = ["home-nodev"]
  }

  control "1.1.2.3.3" {
    level = 1
    rules = ["home-nosuid"]
  }

  control "1.1.2.4.1" {
    level = 2
    rules = ["var-separate"]
  }

  control "1.1.2.4.2" {
    level = 1
    rules = ["var-nodev"]
  }

  control "1.1.2.4.3" {
    level = 1
    rules = ["var-nosuid"]
  }

  control "1.1.2.5.1" {
    level = 2
    rules = ["var-tmp-separate"]
  }

  control "1.1.2.5.2" {
    level = 1
    rules = ["var-tmp-nodev"]
  }

  control "1.1.2.5.3" {
    level = 1
    rules = ["var-tmp-nosuid"]
  }

  control "1.1.2.5.4" {
    level = 1
    rules = ["var-tmp-noexec"]
  }

  control "1.1.2.6.1" {
    level = 2
    rules = ["var-log-separate"]
  }

  control "1.1.2.6.2" {
    level = 1
    rules = ["var-log-nodev"]
  }

  control "1.1.2.6.3" {
    level = 1
    rules = ["var-log-nosuid"]
  }

  control "1.1.2.6.4" {
    level = 1
    rules = ["var-log-noexec"]
  }

  control "1.1.2.7.1" {
    level = 2
    rules = ["var-log-audit-separate"]
  }

  control "1.1.2.7.2" {
    level = 1
    rules = ["var-log-audit-nodev"]
  }

  control "1.1.2.7.3" {
    level = 1
    rules = ["var-log-audit-nosuid"]
  }

  control "1.1.2.7.4" {
    level = 1
    rules = ["var-log-audit-noexec"]
  }

  control "1.2.1.1" {
    level = 1
    rules = ["package-keys-known", "repository-signatures-apt"]
  }

  control "1.2.1.2" {
    level = 1
    rules = ["package-repositories-known"]
  }

  control "1.2.2.1" {
    level = 1
    rules = ["updates-installed"]
  }

  control "1.3.1.1" {
    level = 1
    rules = ["apparmor-installed"]
  }

  control "1.3.1.2" {
    level = 1
    rules = ["apparmor-enabled-at-boot"]
  }

  control "1.3.1.3" {
    level = 1
    rules = ["apparmor-profiles-loaded"]
  }

  control "1.3.1.4" {
    level = 2
    rules = ["apparmor-profiles-enforced"]
  }

  control "1.4.1" {
    level = 1
    rules = ["boot-loader-password"]
  }

  control "1.4.2" {
    level = 1
    rules = ["boot-loader-config-access"]
  }

  control "1.5.1" {
    level = 1
    rules = ["aslr-on"]
  }

  control "1.5.2" {
    level = 1
    rules = ["ptrace-restricted"]
  }

  control "1.5.3" {
    level = 1
    rules = ["suid-core-dumps-off"]
  }

  control "1.5.4" {
    level = 1
    rules = ["core-size-limited"]
  }

  control "1.5.5" {
    level = 1
    rules = ["prelink-absent"]
  }

  control "1.5.6" {
    level = 1
    rules = ["error-reporting-off"]
  }

  control "1.6.1" {
    level = 1
    rules = ["motd-reveals-nothing"]
  }

  control "1.6.2" {
    level = 1
    rules = ["issue-banner"]
  }

  control "1.6.3" {
    level = 1
    rules = ["issue-net-banner"]
  }

  control "1.6.4" {
    level = 1
    rules = ["motd-access"]
  }

  control "1.6.5" {
    level = 1
    rules = ["issue-access"]
  }

  control "1.6.6" {
    level = 1
    rules = ["issue-net-access"]
  }

  control "1.7.1" {
    level = 2
    rules = ["gdm-absent"]
  }

  control "1.7.2" {
    level = 1
    rules = ["gdm-banner"]
  }

  control "1.7.3" {
    level = 1
    rules = ["gdm-user-list-off"]
  }

  control "1.7.4" {
    level = 1
    rules = ["gdm-screen-locks"]
  }

  control "1.7.5" {
    level = 1
    rules = ["gdm-screen-locks-fixed"]
  }

  control "1.7.6" {
    level = 1
    rules = ["gdm-automount-off"]
  }

  control "1.7.7" {
    level = 1
    rules = ["gdm-automount-fixed"]
  }

  control "1.7.8" {
    level = 1
    rules = ["gdm-autorun-off"]
  }

  control "1.7.9" {
    level = 1
    rules = ["gdm-autorun-fixed"]
  }

  control "1.7.10" {
    level = 1
    rules = ["gdm-xdmcp-off"]
  }

  control "1.7.11" {
    level = 2
    rules = ["gdm-wayland-off"]
  }

  control "2.1.1" {
    level = 1
    rules = ["autofs-not-in-use"]
  }

  control "2.1.2" {
    level = 1
    rules = ["avahi-not-in-use"]
  }

  control "2.1.3" {
    level = 1
    rules = ["dhcp-server-not-in-use"]
  }

  control "2.1.4" {
    level = 1
    rules = ["dns-server-not-in-use"]
  }

  control "2.1.5" {
    level = 1
    rules = ["dnsmasq-not-in-use"]
  }

  control "2.1.6" {
    level = 1
    rules = ["ftp-server-not-in-use"]
  }

  control "2.1.7" {
    level = 1
    rules = ["ldap-server-not-in-use"]
  }

  control "2.1.8" {
    level = 1
    rules = ["mail-access-server-not-in-use"]
  }

  control "2.1.9" {
    level = 1
    rules = ["nfs-server-not-in-use"]
  }

  control "2.1.10" {
    level = 1
    rules = ["nis-server-not-in-use"]
  }

  control "2.1.11" {
    level = 1
    rules = ["print-server-not-in-use"]
  }

  control "2.1.12" {
    level = 1
    rules = ["rpcbind-not-in-use"]
  }

  control "2.1.13" {
    level = 1
    rules = ["rsync-daemon-not-in-use"]
  }

  control "2.1.14" {
    level = 1
    rules = ["samba-server-not-in-use"]
  }

  control "2.1.15" {
    level = 1
    rules = ["snmp-server-not-in-use"]
  }

  control "2.1.16" {
    level = 1
    rules = ["tftp-server-not-in-use"]
  }

  control "2.1.17" {
    level = 1
    rules = ["web-proxy-not-in-use"]
  }

  control "2.1.18" {
    level = 1
    rules = ["web-server-not-in-use"]
  }

  control "2.1.19" {
    level = 1
    rules = ["xinetd-not-in-use"]
  }

  control "2.1.20" {
    level = 2
    rules = ["x-server-absent"]
  }

  control "2.1.21" {
    level = 1
    rules = ["mail-local-only"]
  }

  control "2.1.22" {
    level = 1
    rules = ["listening-services"]
  }

  control "2.2.1" {
    level = 1
    rules = ["nis-client-absent"]
  }

  control "2.2.2" {
    level = 1
    rules = ["rsh-client-absent"]
  }

  control "2.2.3" {
    level = 1
    rules = ["talk-client-absent"]
  }

  control "2.2.4" {
    level = 1
    rules = ["telnet-client-absent"]
  }

  control "2.2.5" {
    level = 1
    rules = ["ldap-client-absent"]
  }

  control "2.2.6" {
    level = 1
    rules = ["ftp-client-absent"]
  }

  control "2.3.1.1" {
    level = 1
    rules = ["time-single-daemon"]
  }

  control "2.3.2.1" {
    level = 1
    rules = ["time-timesyncd-source"]
  }

  control "2.3.2.2" {
    level = 1
    rules = ["time-timesyncd-enabled"]
  }

  control "2.3.3.1" {
    level = 1
    rules = ["time-chrony-source"]
  }

  control "2.3.3.2" {
    level = 1
    rules = ["time-chrony-user"]
  }

  control "2.3.3.3" {
    level = 1
    rules = ["time-chrony-enabled"]
  }

  control "2.4.1.1" {
    level = 1
    rules = ["cron-enabled"]
  }

  control "2.4.1.2" {
    level = 1
    rules = ["crontab-access"]
  }

  control "2.4.1.3" {
    level = 1
    rules = ["cron-hourly-access"]
  }

  control "2.4.1.4" {
    level = 1
    rules = ["cron-daily-access"]
  }

  control "2.4.1.5" {
    level = 1
    rules = ["cron-weekly-access"]
  }

  control "2.4.1.6" {
    level = 1
    rules = ["cron-monthly-access"]
  }

  control "2.4.1.7" {
    level = 1
    rules = ["cron-yearly-access"]
  }

  control "2.4.1.8" {
    level = 1
    rules = ["cron-d-access"]
  }

  control "2.4.1.9" {
    level = 1
    rules = ["cron-users-limited"]
  }

  control "2.4.2.1" {
    level = 1
    rules = ["at-users-limited"]
  }

  control "3.1.1" {
    level = 1
    rules = ["ipv6-status-known"]
  }

  control "3.1.2" {
    level = 1
    rules = ["wireless-off"]
  }

  control "3.1.3" {
    level = 1
    rules = ["bluetooth-off"]
  }

  control "3.2.1" {
    level = 1
    rules = ["kmod-dccp-disabled"]
  }

  control "3.2.2" {
    level = 1
    rules = ["kmod-tipc-disabled"]
  }

  control "3.2.3" {
    level = 1
    rules = ["kmod-rds-disabled"]
  }

  control "3.2.4" {
    level = 1
    rules = ["kmod-sctp-disabled"]
  }

  control "3.3.1.1" {
    level = 2
    rules = ["ipv4-forwarding-off"]
  }

  control "3.3.1.2" {
    level = 1
    rules = ["ipv4-forwarding-off"]
  }

  control "3.3.1.3" {
    level = 1
    rules = ["ipv4-forwarding-default-off"]
  }

  control "3.3.1.4" {
    level = 1
    rules = ["redirects-not-sent"]
  }

  control "3.3.1.5" {
    level = 1
    rules = ["redirects-not-sent"]
  }

  control "3.3.1.6" {
    level = 1
    rules = ["bogus-icmp-ignored"]
  }

  control "3.3.1.7" {
    level = 1
    rules = ["broadcast-icmp-ignored"]
  }

  control "3.3.1.8" {
    level = 1
    rules = ["redirects-refused"]
  }

  control "3.3.1.9" {
    level = 1
    rules = ["redirects-refused"]
  }

  control "3.3.1.10" {
    level = 1
    rules = ["secure-redirects-refused"]
  }

  control "3.3.1.11" {
    level = 1
    rules = ["secure-redirects-refused"]
  }

  control "3.3.1.12" {
    level = 1
    rules = ["reverse-path-filter"]
  }

  control "3.3.1.13" {
    level = 1
    rules = ["reverse-path-filter"]
  }

  control "3.3.1.14" {
    level = 1
    rules = ["source-routes-refused"]
  }

  control "3.3.1.15" {
    level = 1
    rules = ["source-routes-refused"]
  }

  control "3.3.1.16" {
    level = 1
    rules = ["martians-logged"]
  }

  control "3.3.1.17" {
    level = 1
    rules = ["martians-logged"]
  }

  control "3.3.1.18" {
    level = 1
    rules = ["syn-cookies-on"]
  }

  control "3.3.2.1" {
    level = 1
    rules = ["ipv6-forwarding-off"]
  }

  control "3.3.2.2" {
    level = 1
    rules = ["ipv6-forwarding-default-off"]
  }

  control "3.3.2.3" {
    level = 1
    rules = ["redirects-refused"]
  }

  control "3.3.2.4" {
    level = 1
    rules = ["redirects-refused"]
  }

  control "3.3.2.5" {
    level = 1
    rules = ["source-routes-refused"]
  }

  control "3.3.2.6" {
    level = 1
    rules = ["source-routes-refused"]
  }

  control "3.3.2.7" {
    level = 1
    rules = ["router-advertisements-refused"]
  }

  control "3.3.2.8" {
    level = 1
    rules = ["router-advertisements-refused"]
  }

  control "4.1.1" {
    level = 1
    rules = ["ufw-installed"]
  }

  control "4.1.2" {
    level = 1
    rules = ["ufw-enabled"]
  }

  control "4.1.3" {
    level = 1
    rules = ["ufw-default-deny"]
  }

  control "4.1.4" {
    level = 2
    rules = ["ufw-default-outgoing"]
  }

  control "4.1.5" {
    level = 1
    rules = ["ufw-default-routed"]
  }

  control "5.1.1" {
    level = 1
    rules = ["ssh-config-access"]
  }

  control "5.1.2" {
    level = 1
    rules = ["ssh-host-private-keys-access"]
  }

  control "5.1.3" {
    level = 1
    rules = ["ssh-host-public-keys-access"]
  }

  control "5.1.4" {
    level = 1
    rules = ["ssh-users-denied"]
  }

  control "5.1.5" {
    level = 1
    rules = ["ssh-banner"]
  }

  control "5.1.6" {
    level = 1
    rules = ["ssh-ciphers-strong"]
  }

  control "5.1.7" {
    level = 1
    rules = ["ssh-idle-timeout"]
  }

  control "5.1.8" {
    level = 2
    rules = ["ssh-forwarding-off"]
  }

  control "5.1.9" {
    level = 2
    rules = ["ssh-gssapi-off"]
  }

  control "5.1.10" {
    level = 1
    rules = ["ssh-hostbased-off"]
  }

  control "5.1.11" {
    level = 1
    rules = ["ssh-rhosts-ignored"]
  }

  control "5.1.12" {
    level = 1
    rules = ["ssh-key-exchanges-strong"]
  }

  control "5.1.13" {
    level = 1
    rules = ["ssh-login-grace-time"]
  }

  control "5.1.14" {
    level = 1
    rules = ["ssh-log-level"]
  }

  control "5.1.15" {
    level = 1
    rules = ["ssh-macs-strong"]
  }

  control "5.1.16" {
    level = 1
    rules = ["ssh-max-auth-tries"]
  }

  control "5.1.17" {
    level = 1
    rules = ["ssh-max-sessions"]
  }

  control "5.1.18" {
    level = 1
    rules = ["ssh-max-startups"]
  }

  control "5.1.19" {
    level = 1
    rules = ["ssh-empty-passwords-off"]
  }

  control "5.1.20" {
    level = 1
    rules = ["ssh-root-login-off"]
  }

  control "5.1.21" {
    level = 1
    rules = ["ssh-user-environment-off"]
  }

  control "5.1.22" {
    level = 1
    rules = ["ssh-pam-on"]
  }

  control "5.2.1" {
    level = 1
    rules = ["sudo-installed"]
  }

  control "5.2.2" {
    level = 1
    rules = ["sudo-pty"]
  }

  control "5.2.3" {
    level = 1
    rules = ["sudo-log-file"]
  }

  control "5.2.4" {
    level = 2
    rules = ["sudo-asks-for-password"]
  }

  control "5.2.5" {
    level = 1
    rules = ["sudo-reauthenticates"]
  }

  control "5.2.6" {
    level = 1
    rules = ["sudo-timestamp-timeout"]
  }

  control "5.2.7" {
    level = 1
    rules = ["su-restricted"]
  }

  control "5.3.1.1" {
    level = 1
    rules = ["pam-installed"]
  }

  control "5.3.1.2" {
    level = 1
    rules = ["pam-modules-installed"]
  }

  control "5.3.1.3" {
    level = 1
    rules = ["pam-pwquality-installed"]
  }

  control "5.3.2.1" {
    level = 1
    rules = ["pam-unix-enabled"]
  }

  control "5.3.2.2" {
    level = 1
    rules = ["account-lockout"]
  }

  control "5.3.2.3" {
    level = 1
    rules = ["pam-pwquality-enabled"]
  }

  control "5.3.2.4" {
    level = 1
    rules = ["password-history"]
  }

  control "5.3.3.1.1" {
    level = 1
    rules = ["account-lockout"]
  }

  control "5.3.3.1.2" {
    level = 1
    rules = ["account-lockout"]
  }

  control "5.3.3.1.3" {
    level = 2
    rules = ["lockout-includes-root"]
  }

  control "5.3.3.2.1" {
    level = 1
    rules = ["password-changed-characters"]
  }

  control "5.3.3.2.2" {
    level = 1
    rules = ["password-quality"]
  }

  control "5.3.3.2.3" {
    level = 1
    rules = ["password-quality"]
  }

  control "5.3.3.2.4" {
    level = 1
    rules = ["password-max-repeat"]
  }

  control "5.3.3.2.5" {
    level = 1
    rules = ["password-max-sequence"]
  }

  control "5.3.3.2.6" {
    level = 1
    rules = ["password-dictionary"]
  }

  control "5.3.3.2.7" {
    level = 1
    rules = ["password-quality-enforced"]
  }

  control "5.3.3.2.8" {
    level = 1
    rules = ["password-quality-root"]
  }

  control "5.3.3.3.1" {
    level = 1
    rules = ["password-history"]
  }

  control "5.3.3.3.2" {
    level = 1
    rules = ["password-history"]
  }

  control "5.3.3.3.3" {
    level = 1
    rules = ["password-history"]
  }

  control "5.3.3.4.1" {
    level = 1
    rules = ["pam-unix-passwords"]
  }

  control "5.3.3.4.2" {
    level = 1
    rules = ["pam-unix-passwords"]
  }

  control "5.3.3.4.3" {
    level = 1
    rules = ["pam-unix-passwords"]
  }

  control "5.3.3.4.4" {
    level = 1
    rules = ["pam-unix-passwords"]
  }

  control "5.4.1.1" {
    level = 1
    rules = ["password-max-days", "password-age-max"]
  }

  control "5.4.1.2" {
    level = 2
    rules = ["password-min-days", "password-age-min"]
  }

  control "5.4.1.3" {
    level = 1
    rules = ["password-warn-days", "password-age-warn"]
  }

  control "5.4.1.4" {
    level = 1
    rules = ["password-hash-new"]
  }

  control "5.4.1.5" {
    level = 1
    rules = ["password-inactive-lock", "password-age-inactive"]
  }

  control "5.4.1.6" {
    level = 1
    rules = ["password-change-in-past"]
  }

  control "5.4.2.1" {
    level = 1
    rules = ["root-only-uid-0"]
  }

  control "5.4.2.2" {
    level = 1
    rules = ["root-only-gid-0"]
  }

  control "5.4.2.3" {
    level = 1
    rules = ["root-group-only-gid-0"]
  }

  control "5.4.2.4" {
    level = 1
    rules = ["root-access-controlled"]
  }

  control "5.4.2.5" {
    level = 1
    rules = ["root-path-safe"]
  }

  control "5.4.2.6" {
    level = 1
    rules = ["root-umask"]
  }

  control "5.4.2.7" {
    level = 1
    rules = ["system-accounts-no-shell"]
  }

  control "5.4.2.8" {
    level = 1
    rules = ["accounts-without-shell-locked"]
  }

  control "5.4.3.1" {
    level = 2
    rules = ["nologin-not-in-shells"]
  }

  control "5.4.3.2" {
    level = 1
    rules = ["shell-timeout"]
  }

  control "5.4.3.3" {
    level = 1
    rules = ["umask-restrictive"]
  }

  control "6.1.1.1.1" {
    level = 1
    rules = ["journald-active"]
  }

  control "6.1.1.1.2" {
    level = 1
    rules = ["journal-access"]
  }

  control "6.1.1.1.3" {
    level = 1
    rules = ["journal-rotation"]
  }

  control "6.1.1.1.4" {
    level = 1
    rules = ["journal-forwarding"]
  }

  control "6.1.1.1.5" {
    level = 1
    rules = ["journal-persistent"]
  }

  control "6.1.1.1.6" {
    level = 1
    rules = ["journal-compressed"]
  }

  control "6.1.1.2.1" {
    level = 1
    rules = ["journal-remote-installed"]
  }

  control "6.1.1.2.2" {
    level = 1
    rules = ["journal-upload-authenticates"]
  }

  control "6.1.1.2.3" {
    level = 1
    rules = ["journal-upload-enabled"]
  }

  control "6.1.1.2.4" {
    level = 1
    rules = ["journal-remote-off"]
  }

  control "6.1.2.1" {
    level = 1
    rules = ["rsyslog-installed"]
  }

  control "6.1.2.2" {
    level = 1
    rules = ["rsyslog-enabled"]
  }

  control "6.1.2.3" {
    level = 1
    rules = ["journal-forwarding"]
  }

  control "6.1.2.4" {
    level = 1
    rules = ["rsyslog-create-mode"]
  }

  control "6.1.2.5" {
    level = 1
    rules = ["rsyslog-selectors"]
  }

  control "6.1.2.6" {
    level = 1
    rules = ["rsyslog-sends"]
  }

  control "6.1.2.7" {
    level = 1
    rules = ["rsyslog-no-receiver"]
  }

  control "6.1.2.8" {
    level = 1
    rules = ["logrotate-runs", "logrotate-configured"]
  }

  control "6.1.3.1" {
    level = 1
    rules = ["log-files-access"]
  }

  control "6.2.1.1" {
    level = 2
    rules = ["auditd-installed"]
  }

  control "6.2.1.2" {
    level = 2
    rules = ["auditd-enabled"]
  }

  control "6.2.1.3" {
    level = 2
    rules = ["audit-from-boot"]
  }

  control "6.2.1.4" {
    level = 2
    rules = ["audit-backlog-limit"]
  }

  control "6.2.2.1" {
    level = 2
    rules = ["audit-log-size"]
  }

  control "6.2.2.2" {
    level = 2
    rules = ["audit-logs-kept"]
  }

  control "6.2.2.3" {
    level = 2
    rules = ["audit-disk-full"]
  }

  control "6.2.2.4" {
    level = 2
    rules = ["audit-space-warning"]
  }

  control "6.2.3.1" {
    level = 2
    rules = ["audit-scope"]
  }

  control "6.2.3.2" {
    level = 2
    rules = ["audit-user-emulation"]
  }

  control "6.2.3.3" {
    level = 2
    rules = ["audit-sudo-log"]
  }

  control "6.2.3.4" {
    level = 2
    rules = ["audit-time-change"]
  }

  control "6.2.3.5" {
    level = 2
    rules = ["audit-system-locale"]
  }

  control "6.2.3.6" {
    level = 2
    rules = ["audit-privileged"]
  }

  control "6.2.3.7" {
    level = 2
    rules = ["audit-access"]
  }

  control "6.2.3.8" {
    level = 2
    rules = ["audit-identity"]
  }

  control "6.2.3.9" {
    level = 2
    rules = ["audit-perm-mod"]
  }

  control "6.2.3.10" {
    level = 2
    rules = ["audit-mounts"]
  }

  control "6.2.3.11" {
    level = 2
    rules = ["audit-session"]
  }

  control "6.2.3.12" {
    level = 2
    rules = ["audit-logins"]
  }

  control "6.2.3.13" {
    level = 2
    rules = ["audit-delete"]
  }

  control "6.2.3.14" {
    level = 2
    rules = ["audit-mac-policy"]
  }

  control "6.2.3.15" {
    level = 2
    rules = ["audit-chcon"]
  }

  control "6.2.3.16" {
    level = 2
    rules = ["audit-setfacl"]
  }

  control "6.2.3.17" {
    level = 2
    rules = ["audit-chacl"]
  }

  control "6.2.3.18" {
    level = 2
    rules = ["audit-usermod"]
  }

  control "6.2.3.19" {
    level = 2
    rules = ["audit-kernel-modules"]
  }

  control "6.2.3.20" {
    level = 2
    rules = ["audit-immutable"]
  }

  control "6.2.3.21" {
    level = 2
    rules = ["audit-loaded-as-configured"]
  }

  control "6.2.4.1" {
    level = 2
    rules = ["audit-log-mode"]
  }

  control "6.2.4.2" {
    level = 2
    rules = ["audit-log-owner"]
  }

  control "6.2.4.3" {
    level = 2
    rules = ["audit-log-group"]
  }

  control "6.2.4.4" {
    level = 2
    rules = ["audit-log-directory"]
  }

  control "6.2.4.5" {
    level = 2
    rules = ["audit-config-mode"]
  }

  control "6.2.4.6" {
    level = 2
    rules = ["audit-config-owner"]
  }

  control "6.2.4.7" {
    level = 2
    rules = ["audit-config-group"]
  }

  control "6.2.4.8" {
    level = 2
    rules = ["audit-tools-mode"]
  }

  control "6.2.4.9" {
    level = 2
    rules = ["audit-tools-owner"]
  }

  control "6.2.4.10" {
    level = 2
    rules = ["audit-tools-group"]
  }

  control "6.3.1" {
    level = 1
    rules = ["aide-installed"]
  }

  control "6.3.2" {
    level = 1
    rules = ["aide-scheduled"]
  }

  control "6.3.3" {
    level = 2
    rules = ["aide-audit-tools"]
  }

  control "7.1.1" {
    level = 1
    rules = ["passwd-access"]
  }

  control "7.1.2" {
    level = 1
    rules = ["passwd-backup-access"]
  }

  control "7.1.3" {
    level = 1
    rules = ["group-access"]
  }

  control "7.1.4" {
    level = 1
    rules = ["group-backup-access"]
  }

  control "7.1.5" {
    level = 1
    rules = ["shadow-access"]
  }

  control "7.1.6" {
    level = 1
    rules = ["shadow-backup-access"]
  }

  control "7.1.7" {
    level = 1
    rules = ["gshadow-access"]
  }

  control "7.1.8" {
    level = 1
    rules = ["gshadow-backup-access"]
  }

  control "7.1.9" {
    level = 1
    rules = ["shells-access"]
  }

  control "7.1.10" {
    level = 1
    rules = ["opasswd-access"]
  }

  control "7.1.11" {
    level = 1
    rules = ["no-world-writable-files", "world-writable-directories-sticky"]
  }

  control "7.1.12" {
    level = 1
    rules = ["no-unowned-files", "no-ungrouped-files"]
  }

  control "7.1.13" {
    level = 1
    rules = ["setuid-programs-known", "setgid-programs-known"]
  }

  control "7.2.1" {
    level = 1
    rules = ["passwords-shadowed"]
  }

  control "7.2.2" {
    level = 1
    rules = ["passwords-not-empty"]
  }

  control "7.2.3" {
    level = 1
    rules = ["groups-of-accounts-exist"]
  }

  control "7.2.4" {
    level = 1
    rules = ["shadow-group-empty"]
  }

  control "7.2.5" {
    level = 1
    rules = ["unique-user-ids"]
  }

  control "7.2.6" {
    level = 1
    rules = ["unique-group-ids"]
  }

  control "7.2.7" {
    level = 1
    rules = ["unique-user-names"]
  }

  control "7.2.8" {
    level = 1
    rules = ["unique-group-names"]
  }

  control "7.2.9" {
    level = 1
    rules = ["home-directories-exist", "home-directories-owned", "home-directories-access"]
  }

  control "7.2.10" {
    level = 1
    rules = ["dot-files-access", "netrc-access", "no-forward-files", "no-rhosts-files"]
  }
}
