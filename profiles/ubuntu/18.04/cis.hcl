profile "cis-ubuntu-18.04" {
  version   = "1.1"
  benchmark = "CIS Ubuntu Linux 18.04 LTS Benchmark v2.1.0"

  sections = {
    "1" = "Base system"
    "2" = "Services and time"
    "3" = "Network and firewall"
    "4" = "Logs and audit"
    "5" = "Jobs, logins and privileges"
    "6" = "Files and accounts"
  }

  platform {
    os      = "ubuntu"
    version = "18.04"
  }

  variables = {
    unused_services = "absent"
    nfs_server      = "absent"
    rsync_daemon    = "absent"
    snmp_server     = "absent"
    other_firewall  = "absent"
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
    rules = ["kmod-jffs2-disabled"]
  }

  control "1.1.1.4" {
    level = 1
    rules = ["kmod-hfs-disabled"]
  }

  control "1.1.1.5" {
    level = 1
    rules = ["kmod-hfsplus-disabled"]
  }

  control "1.1.1.6" {
    level = 1
    rules = ["kmod-udf-disabled"]
  }

  control "1.1.2" {
    level = 1
    rules = ["tmp-separate"]
  }

  control "1.1.3" {
    level = 1
    rules = ["tmp-nodev"]
  }

  control "1.1.4" {
    level = 1
    rules = ["tmp-nosuid"]
  }

  control "1.1.5" {
    level = 1
    rules = ["tmp-noexec"]
  }

  control "1.1.6" {
    level = 1
    rules = ["shm-separate"]
  }

  control "1.1.7" {
    level = 1
    rules = ["shm-nodev"]
  }

  control "1.1.8" {
    level = 1
    rules = ["shm-nosuid"]
  }

  control "1.1.9" {
    level = 1
    rules = ["shm-noexec"]
  }

  control "1.1.12" {
    level = 1
    rules = ["var-tmp-nodev"]
  }

  control "1.1.13" {
    level = 1
    rules = ["var-tmp-nosuid"]
  }

  control "1.1.14" {
    level = 1
    rules = ["var-tmp-noexec"]
  }

  control "1.1.18" {
    level = 1
    rules = ["home-nodev"]
  }

  control "1.1.19" {
    level = 1
    rules = ["removable-media-nodev"]
  }

  control "1.1.20" {
    level = 1
    rules = ["removable-media-nosuid"]
  }

  control "1.1.21" {
    level = 1
    rules = ["removable-media-noexec"]
  }

  control "1.1.22" {
    level = 1
    rules = ["world-writable-directories-sticky"]
  }

  control "1.1.23" {
    level = 1
    rules = ["autofs-not-in-use"]
  }

  control "1.1.24" {
    level = 1
    rules = ["kmod-usb-storage-disabled"]
  }

  control "1.2.1" {
    level = 1
    rules = ["package-repositories-known"]
  }

  control "1.2.2" {
    level = 1
    rules = ["package-keys-known", "repository-signatures-apt"]
  }

  control "1.3.1" {
    level = 1
    rules = ["aide-installed"]
  }

  control "1.3.2" {
    level = 1
    rules = ["aide-scheduled"]
  }

  control "1.4.1" {
    level = 1
    rules = ["boot-loader-config-stays-closed"]
  }

  control "1.4.2" {
    level = 1
    rules = ["boot-loader-password"]
  }

  control "1.4.3" {
    level = 1
    rules = ["boot-loader-config-access"]
  }

  control "1.4.4" {
    level = 1
    rules = ["rescue-shell-authenticates"]
  }

  control "1.5.1" {
    level = 1
    rules = ["nx-not-switched-off"]
  }

  control "1.5.2" {
    level = 1
    rules = ["aslr-on"]
  }

  control "1.5.3" {
    level = 1
    rules = ["prelink-absent"]
  }

  control "1.5.4" {
    level = 1
    rules = ["core-size-limited", "suid-core-dumps-off", "core-dumps-not-stored", "core-dumps-not-processed"]
  }

  control "1.6.1.1" {
    level = 1
    rules = ["apparmor-installed"]
  }

  control "1.6.1.2" {
    level = 1
    rules = ["apparmor-enabled-at-boot"]
  }

  control "1.6.1.3" {
    level = 1
    rules = ["apparmor-profiles-loaded"]
  }

  control "1.7.1" {
    level = 1
    rules = ["motd-reveals-nothing"]
  }

  control "1.7.2" {
    level = 1
    rules = ["issue-net-access"]
  }

  control "1.7.3" {
    level = 1
    rules = ["issue-access"]
  }

  control "1.7.4" {
    level = 1
    rules = ["motd-access"]
  }

  control "1.7.5" {
    level = 1
    rules = ["issue-net-banner"]
  }

  control "1.7.6" {
    level = 1
    rules = ["issue-banner"]
  }

  control "1.8.2" {
    level = 1
    rules = ["gdm-banner"]
  }

  control "1.8.3" {
    level = 1
    rules = ["gdm-user-list-off"]
  }

  control "1.8.4" {
    level = 1
    rules = ["gdm-xdmcp-off"]
  }

  control "1.9" {
    level = 1
    rules = ["updates-installed"]
  }

  control "2.1.1.1" {
    level = 1
    rules = ["time-single-daemon"]
  }

  control "2.1.1.2" {
    level = 1
    rules = ["time-timesyncd-source"]
  }

  control "2.1.1.3" {
    level = 1
    rules = ["time-chrony-source", "time-chrony-user"]
  }

  control "2.1.1.4" {
    level = 1
    rules = ["time-ntp-source"]
  }

  control "2.1.2" {
    level = 1
    rules = ["x-server-absent"]
  }

  control "2.1.3" {
    level = 1
    rules = ["avahi-not-in-use"]
  }

  control "2.1.4" {
    level = 1
    rules = ["print-server-not-in-use"]
  }

  control "2.1.5" {
    level = 1
    rules = ["dhcp-server-not-in-use"]
  }

  control "2.1.6" {
    level = 1
    rules = ["ldap-server-not-in-use"]
  }

  control "2.1.7" {
    level = 1
    rules = ["nfs-server-not-in-use"]
  }

  control "2.1.8" {
    level = 1
    rules = ["dns-server-not-in-use"]
  }

  control "2.1.9" {
    level = 1
    rules = ["ftp-server-not-in-use"]
  }

  control "2.1.10" {
    level = 1
    rules = ["web-server-not-in-use"]
  }

  control "2.1.11" {
    level = 1
    rules = ["mail-access-server-not-in-use"]
  }

  control "2.1.12" {
    level = 1
    rules = ["samba-server-not-in-use"]
  }

  control "2.1.13" {
    level = 1
    rules = ["web-proxy-not-in-use"]
  }

  control "2.1.14" {
    level = 1
    rules = ["snmp-server-not-in-use"]
  }

  control "2.1.15" {
    level = 1
    rules = ["mail-local-only"]
  }

  control "2.1.16" {
    level = 1
    rules = ["rsync-daemon-not-in-use"]
  }

  control "2.1.17" {
    level = 1
    rules = ["nis-server-not-in-use", "nis-client-absent"]
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
    rules = ["rpcbind-not-in-use"]
  }

  control "2.3" {
    level = 1
    rules = [
      "avahi-not-in-use",
      "print-server-not-in-use",
      "rlogin-off",
      "rsh-off",
      "telnet-off",
      "tftp-server-not-in-use",
      "ypbind-off",
      "nis-server-not-in-use",
      "nfs-server-not-in-use",
      "snmp-server-not-in-use",
      "ldap-server-not-in-use",
      "dns-server-not-in-use",
      "mail-access-server-not-in-use",
    ]
  }

  control "3.1.2" {
    level = 1
    rules = ["wireless-off"]
  }

  control "3.2.1" {
    level = 1
    rules = ["redirects-not-sent"]
  }

  control "3.2.2" {
    level = 1
    rules = ["ipv4-forwarding-off", "ipv6-forwarding-off"]
  }

  control "3.3.1" {
    level = 1
    rules = ["source-routes-refused"]
  }

  control "3.3.2" {
    level = 1
    rules = ["redirects-refused"]
  }

  control "3.3.3" {
    level = 1
    rules = ["secure-redirects-refused"]
  }

  control "3.3.4" {
    level = 1
    rules = ["martians-logged"]
  }

  control "3.3.5" {
    level = 1
    rules = ["broadcast-icmp-ignored"]
  }

  control "3.3.6" {
    level = 1
    rules = ["bogus-icmp-ignored"]
  }

  control "3.3.7" {
    level = 1
    rules = ["reverse-path-filter"]
  }

  control "3.3.8" {
    level = 1
    rules = ["syn-cookies-on"]
  }

  control "3.3.9" {
    level = 1
    rules = ["router-advertisements-refused"]
  }

  control "3.5.1.1" {
    level = 1
    rules = ["ufw-installed"]
  }

  control "3.5.1.2" {
    level = 1
    rules = ["iptables-persistent-absent"]
  }

  control "3.5.1.3" {
    level = 1
    rules = ["ufw-enabled"]
  }

  control "3.5.1.4" {
    level = 1
    rules = ["ufw-loopback"]
  }

  control "3.5.1.5" {
    level = 1
    rules = ["ufw-default-outgoing"]
  }

  control "3.5.1.6" {
    level = 1
    rules = ["ufw-rules"]
  }

  control "3.5.1.7" {
    level = 1
    rules = ["ufw-default-deny"]
  }

  control "3.5.2.1" {
    level = 1
    rules = ["nftables-installed"]
  }

  control "3.5.2.2" {
    level = 1
    rules = ["ufw-not-in-use"]
  }

  control "3.5.2.3" {
    level = 1
    rules = ["iptables-flushed", "ip6tables-flushed"]
  }

  control "3.5.2.4" {
    level = 1
    rules = ["nftables-tables"]
  }

  control "3.5.2.5" {
    level = 1
    rules = ["nftables-base-chains"]
  }

  control "3.5.2.6" {
    level = 1
    rules = ["nftables-loopback"]
  }

  control "3.5.2.7" {
    level = 1
    rules = ["nftables-established"]
  }

  control "3.5.2.8" {
    level = 1
    rules = ["nftables-default-deny"]
  }

  control "3.5.2.9" {
    level = 1
    rules = ["nftables-enabled"]
  }

  control "3.5.2.10" {
    level = 1
    rules = ["nftables-enabled", "nftables-tables"]
  }

  control "3.5.3.1.1" {
    level = 1
    rules = ["iptables-installed"]
  }

  control "3.5.3.1.2" {
    level = 1
    rules = ["nftables-not-in-use"]
  }

  control "3.5.3.1.3" {
    level = 1
    rules = ["ufw-not-in-use"]
  }

  control "3.5.3.2.1" {
    level = 1
    rules = ["iptables-default-deny"]
  }

  control "3.5.3.2.2" {
    level = 1
    rules = ["iptables-loopback"]
  }

  control "3.5.3.2.3" {
    level = 1
    rules = ["iptables-established"]
  }

  control "3.5.3.2.4" {
    level = 1
    rules = ["iptables-rules"]
  }

  control "3.5.3.3.1" {
    level = 1
    rules = ["ip6tables-default-deny"]
  }

  control "3.5.3.3.2" {
    level = 1
    rules = ["ip6tables-loopback"]
  }

  control "3.5.3.3.3" {
    level = 1
    rules = ["ip6tables-established"]
  }

  control "3.5.3.3.4" {
    level = 1
    rules = ["ip6tables-rules"]
  }

  control "4.2.1.1" {
    level = 1
    rules = ["rsyslog-installed"]
  }

  control "4.2.1.2" {
    level = 1
    rules = ["rsyslog-enabled"]
  }

  control "4.2.1.3" {
    level = 1
    rules = ["rsyslog-selectors"]
  }

  control "4.2.1.4" {
    level = 1
    rules = ["rsyslog-create-mode"]
  }

  control "4.2.1.5" {
    level = 1
    rules = ["rsyslog-sends"]
  }

  control "4.2.1.6" {
    level = 1
    rules = ["rsyslog-no-receiver"]
  }

  control "4.2.2.1" {
    level = 1
    rules = ["journal-forwarding"]
  }

  control "4.2.2.2" {
    level = 1
    rules = ["journal-compressed"]
  }

  control "4.2.2.3" {
    level = 1
    rules = ["journal-persistent"]
  }

  control "4.2.3" {
    level = 1
    rules = ["log-files-access"]
  }

  control "4.3" {
    level = 1
    rules = ["logrotate-runs", "logrotate-configured"]
  }

  control "4.4" {
    level = 1
    rules = ["logrotate-create-mode"]
  }

  control "5.1.1" {
    level = 1
    rules = ["cron-enabled"]
  }

  control "5.1.2" {
    level = 1
    rules = ["crontab-access"]
  }

  control "5.1.3" {
    level = 1
    rules = ["cron-hourly-access"]
  }

  control "5.1.4" {
    level = 1
    rules = ["cron-daily-access"]
  }

  control "5.1.5" {
    level = 1
    rules = ["cron-weekly-access"]
  }

  control "5.1.6" {
    level = 1
    rules = ["cron-monthly-access"]
  }

  control "5.1.7" {
    level = 1
    rules = ["cron-d-access"]
  }

  control "5.1.8" {
    level = 1
    rules = ["cron-users-limited"]
  }

  control "5.1.9" {
    level = 1
    rules = ["at-users-limited"]
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

  control "5.3.1" {
    level = 1
    rules = ["ssh-config-access"]
  }

  control "5.3.2" {
    level = 1
    rules = ["ssh-host-private-keys-access"]
  }

  control "5.3.3" {
    level = 1
    rules = ["ssh-host-public-keys-access"]
  }

  control "5.3.4" {
    level = 1
    rules = ["ssh-users-denied"]
  }

  control "5.3.5" {
    level = 1
    rules = ["ssh-log-level"]
  }

  control "5.3.7" {
    level = 1
    rules = ["ssh-max-auth-tries"]
  }

  control "5.3.8" {
    level = 1
    rules = ["ssh-rhosts-ignored"]
  }

  control "5.3.9" {
    level = 1
    rules = ["ssh-hostbased-off"]
  }

  control "5.3.10" {
    level = 1
    rules = ["ssh-root-login-off"]
  }

  control "5.3.11" {
    level = 1
    rules = ["ssh-empty-passwords-off"]
  }

  control "5.3.12" {
    level = 1
    rules = ["ssh-user-environment-off"]
  }

  control "5.3.13" {
    level = 1
    rules = ["ssh-ciphers-strong"]
  }

  control "5.3.14" {
    level = 1
    rules = ["ssh-macs-strong"]
  }

  control "5.3.15" {
    level = 1
    rules = ["ssh-key-exchanges-strong"]
  }

  control "5.3.16" {
    level = 1
    rules = ["ssh-idle-timeout"]
  }

  control "5.3.17" {
    level = 1
    rules = ["ssh-login-grace-time"]
  }

  control "5.3.18" {
    level = 1
    rules = ["ssh-banner"]
  }

  control "5.3.19" {
    level = 1
    rules = ["ssh-pam-on"]
  }

  control "5.3.21" {
    level = 1
    rules = ["ssh-max-startups"]
  }

  control "5.3.22" {
    level = 1
    rules = ["ssh-max-sessions"]
  }

  control "5.4.1" {
    level = 1
    rules = ["password-quality"]
  }

  control "5.4.2" {
    level = 1
    rules = ["account-lockout"]
  }

  control "5.4.3" {
    level = 1
    rules = ["password-history"]
  }

  control "5.4.4" {
    level = 1
    rules = ["password-hash-strong", "password-hash-new", "password-hashes-strong"]
  }

  control "5.5.1.1" {
    level = 1
    rules = ["password-min-days", "password-age-min"]
  }

  control "5.5.1.2" {
    level = 1
    rules = ["password-max-days", "password-age-max"]
  }

  control "5.5.1.3" {
    level = 1
    rules = ["password-warn-days", "password-age-warn"]
  }

  control "5.5.1.4" {
    level = 1
    rules = ["password-inactive-lock", "password-age-inactive"]
  }

  control "5.5.1.5" {
    level = 1
    rules = ["password-change-in-past"]
  }

  control "5.5.2" {
    level = 1
    rules = ["system-accounts-no-shell", "accounts-without-shell-locked"]
  }

  control "5.5.3" {
    level = 1
    rules = ["root-default-group"]
  }

  control "5.5.4" {
    level = 1
    rules = ["umask-restrictive"]
  }

  control "5.5.5" {
    level = 1
    rules = ["shell-timeout"]
  }

  control "5.6" {
    level = 1
    rules = ["root-consoles-known"]
  }

  control "5.7" {
    level = 1
    rules = ["su-restricted"]
  }

  control "6.1.2" {
    level = 1
    rules = ["passwd-access"]
  }

  control "6.1.3" {
    level = 1
    rules = ["passwd-backup-access"]
  }

  control "6.1.4" {
    level = 1
    rules = ["group-access"]
  }

  control "6.1.5" {
    level = 1
    rules = ["group-backup-access"]
  }

  control "6.1.6" {
    level = 1
    rules = ["shadow-access"]
  }

  control "6.1.7" {
    level = 1
    rules = ["shadow-backup-access"]
  }

  control "6.1.8" {
    level = 1
    rules = ["gshadow-access"]
  }

  control "6.1.9" {
    level = 1
    rules = ["gshadow-backup-access"]
  }

  control "6.1.10" {
    level = 1
    rules = ["no-world-writable-files"]
  }

  control "6.1.11" {
    level = 1
    rules = ["no-unowned-files"]
  }

  control "6.1.12" {
    level = 1
    rules = ["no-ungrouped-files"]
  }

  control "6.1.13" {
    level = 1
    rules = ["setuid-programs-known"]
  }

  control "6.1.14" {
    level = 1
    rules = ["setgid-programs-known"]
  }

  control "6.2.1" {
    level = 1
    rules = ["passwords-shadowed"]
  }

  control "6.2.2" {
    level = 1
    rules = ["passwords-not-empty"]
  }

  control "6.2.3" {
    level = 1
    rules = ["groups-of-accounts-exist"]
  }

  control "6.2.4" {
    level = 1
    rules = ["home-directories-exist"]
  }

  control "6.2.5" {
    level = 1
    rules = ["home-directories-owned"]
  }

  control "6.2.6" {
    level = 1
    rules = ["home-directories-access"]
  }

  control "6.2.7" {
    level = 1
    rules = ["dot-files-not-writable"]
  }

  control "6.2.8" {
    level = 1
    rules = ["no-netrc-files"]
  }

  control "6.2.9" {
    level = 1
    rules = ["no-forward-files"]
  }

  control "6.2.10" {
    level = 1
    rules = ["no-rhosts-files"]
  }

  control "6.2.11" {
    level = 1
    rules = ["root-only-uid-0"]
  }

  control "6.2.12" {
    level = 1
    rules = ["root-path-safe"]
  }

  control "6.2.13" {
    level = 1
    rules = ["unique-user-ids"]
  }

  control "6.2.14" {
    level = 1
    rules = ["unique-group-ids"]
  }

  control "6.2.15" {
    level = 1
    rules = ["unique-user-names"]
  }

  control "6.2.16" {
    level = 1
    rules = ["unique-group-names"]
  }

  control "6.2.17" {
    level = 1
    rules = ["shadow-group-empty"]
  }
}
