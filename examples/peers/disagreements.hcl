# Why a rule of the scanner and ours do not say the same, and who is right. `make peers` runs each command on the
# hardened node and fails when it does not print what is claimed.

disagreement "Settings of sshd that are right by default" {
  scanner = ["disable_host_auth", "sshd_disable_empty_passwords", "sshd_disable_rhosts", "sshd_do_not_permit_user_env", "sshd_set_loglevel_info", "sshd_set_max_sessions"]
  right   = "ours"
  why     = "The scanner looks for a line in /etc/ssh/sshd_config itself. The file has none, and sshd's built-in value is the wanted one, before and after. Setting it again would change nothing."
  command = "sshd -T | grep -E '^(hostbasedauthentication|permitemptypasswords|ignorerhosts|permituserenvironment|loglevel|maxsessions) ' | sort | paste -sd ';'"
  says    = "hostbasedauthentication no;ignorerhosts yes;loglevel INFO;maxsessions 10;permitemptypasswords no;permituserenvironment no"
}

disagreement "Settings of sshd in an included file" {
  scanner = ["sshd_disable_root_login", "sshd_set_idle_timeout", "sshd_set_keepalive", "sshd_set_max_auth_tries"]
  right   = "ours"
  why     = "The scanner reads /etc/ssh/sshd_config and not the files that its first line includes. sshd takes the first value it meets, and that is the one in sshd_config.d/00-harden.conf."
  command = "sshd -T | grep -E '^(permitrootlogin|clientaliveinterval|clientalivecountmax|maxauthtries) ' | sort | paste -sd ';'"
  says    = "clientalivecountmax 3;clientaliveinterval 120;maxauthtries 4;permitrootlogin no"
}

disagreement "Ciphers and MACs of sshd" {
  scanner = ["sshd_use_approved_ciphers", "sshd_use_approved_macs"]
  right   = "ours"
  why     = "As above: the lists are in an included file. None of the weak ones is left in what sshd offers."
  command = "sshd -T | grep -E '^(ciphers|macs) ' | grep -cE '3des|cbc|arcfour|md5|sha1|umac-64|ripemd|-96'"
  says    = "0"
}

disagreement "What new passwords need" {
  scanner = ["accounts_password_pam_dcredit", "accounts_password_pam_lcredit", "accounts_password_pam_minclass", "accounts_password_pam_minlen", "accounts_password_pam_ocredit", "accounts_password_pam_ucredit"]
  right   = "ours"
  why     = "The scanner reads /etc/security/pwquality.conf. libpwquality reads pwquality.conf.d as well, where our file is, and PAM refuses what it forbids. minclass says nothing more where each of the four classes is asked for by a credit of -1."
  command = "echo alice:qT7-wkzB9 | chpasswd"
  says    = "BAD PASSWORD: The password is shorter than 14 characters"
}

disagreement "Lockout" {
  scanner = ["accounts_passwords_pam_tally2"]
  right   = "ours"
  why     = "The scanner asks for pam_tally2, which PAM no longer has on any system of this age. pam_faillock does its work."
  command = "basename -a /usr/lib/*/security/pam_{tally2,faillock}.so | grep -Fxf <(ls /usr/lib/*/security); grep -c pam_faillock.so /etc/pam.d/common-auth"
  says    = "pam_faillock.so\n2"
}

disagreement "Password hashes" {
  scanner = ["accounts_password_all_shadowed_sha512"]
  right   = "ours"
  why     = "The scanner accepts SHA-512 only. Ubuntu 22.04 hashes with yescrypt, which is harder to guess; the newer benchmark accepts both."
  command = "cut -d: -f2 /etc/shadow | grep -o '^[$][a-z0-9]*[$]' | sort -u"
  says    = "$y$"
}

disagreement "Ages of passwords that exist" {
  scanner = ["accounts_password_set_max_life_existing", "accounts_password_set_min_life_existing"]
  right   = "ours"
  why     = "The scanner asks it of accounts that have no password, which cannot expire. The one account with a password has both ages."
  command = "awk -F: '$2 ~ /^[$]/ { print $1, $4, $5 }' /etc/shadow"
  says    = "alice 7 90"
}

disagreement "Timeout of shells" {
  scanner = ["accounts_tmout"]
  right   = "ours"
  why     = "The scanner wants the words `declare -xr TMOUT=`, which only bash knows. Our file says the same in words that every shell knows."
  command = "bash -lc 'declare -p TMOUT'"
  says    = "declare -rx TMOUT=\"900\""
}

disagreement "The mask that /etc/profile sets" {
  scanner = ["accounts_umask_etc_profile"]
  right   = "ours"
  why     = "The scanner reads /etc/profile and not profile.d, which /etc/profile runs. The last file there has the last word."
  command = "runuser -l alice -c umask"
  says    = "0027"
}

disagreement "Masks in files that nothing reads" {
  scanner = ["accounts_umask_etc_bashrc", "accounts_umask_etc_csh_cshrc"]
  right   = "ours"
  why     = "/etc/bashrc is another distribution's file, and no C shell is installed that would read /etc/csh.cshrc. A shell that is no login shell inherits its mask from PAM's session."
  command = "ls /etc/bashrc /etc/csh.cshrc; su alice -s /bin/bash -c umask"
  says    = "0027"
}

disagreement "Masks in users' own files" {
  scanner = ["accounts_umask_interactive_users"]
  right   = "both"
  why     = "The scanner asks whether users' own files set a mask, ours which mask a login gets. Before apply no user's file sets one, and the system's is 022."
}

disagreement "AIDE that is not installed" {
  scanner = ["aide_periodic_cron_checking"]
  right   = "both"
  why     = "AIDE is not installed: the scanner fails each rule about it, we fail the one that asks for the package and call the others not applicable."
}

disagreement "auditd that is not installed" {
  scanner = ["service_auditd_enabled"]
  right   = "both"
  why     = "auditd is not installed: the scanner leaves out what needs it, we fail the rule because nothing audits."
}

disagreement "The account of chronyd" {
  scanner = ["chronyd_run_as_chrony_user"]
  right   = "ours"
  why     = "The scanner looks for -u chrony in /etc/sysconfig/chronyd, another distribution's file. Debian's and Ubuntu's chronyd is built to run as _chrony."
  command = "chronyd --help | grep -e -u"
  says    = "Specify user (_chrony)"
}

disagreement "The source of chronyd" {
  scanner = ["chronyd_specify_remote_server"]
  right   = "ours"
  why     = "The scanner reads /etc/chrony.conf. Debian's and Ubuntu's chronyd reads /etc/chrony/chrony.conf, which names a pool."
  command = "chronyd -p | grep -E '^(server|pool) '"
  says    = "pool 2.debian.pool.ntp.org iburst"
}

disagreement "Who may schedule jobs" {
  scanner = ["file_groupowner_at_allow", "file_owner_at_allow", "file_permissions_at_allow", "file_groupowner_cron_allow", "file_owner_cron_allow", "file_permissions_cron_allow"]
  right   = "ours"
  why     = "Before apply the files are not there: the scanner finds no owner or mode that is wrong, and passes. But without them everybody may schedule jobs. After apply both pass, and who is not listed is refused."
  command = "runuser -u alice -- crontab -l"
  says    = "You (alice) are not allowed to use this program (crontab)"
}

disagreement "Owner, group and mode in one rule" {
  scanner = [
    "file_groupowner_cron_d", "file_owner_cron_d", "file_groupowner_cron_daily", "file_owner_cron_daily", "file_groupowner_cron_hourly", "file_owner_cron_hourly",
    "file_groupowner_cron_monthly", "file_owner_cron_monthly", "file_groupowner_cron_weekly", "file_owner_cron_weekly", "file_groupowner_crontab", "file_owner_crontab",
    "file_groupowner_sshd_config", "file_owner_sshd_config",
  ]
  right   = "both"
  why     = "The scanner has a rule each for owner, group and mode of a file, the benchmark and we have one for all three. Before apply the mode is wrong, and the scanner's rule about the mode fails as ours does."
}

disagreement "Who may read the shadow files" {
  scanner = ["file_permissions_etc_shadow", "file_permissions_backup_etc_shadow", "file_permissions_etc_gshadow", "file_permissions_backup_etc_gshadow", "file_groupowner_etc_gshadow", "file_groupowner_backup_etc_gshadow"]
  right   = "ours"
  why     = "The scanner wants mode 0000, and of gshadow the group root, as other distributions have it. The benchmark for Ubuntu allows 0640 and the group shadow, and programs of Ubuntu that are setgid shadow need them."
  command = "stat -c '%a %U %G' /etc/shadow /etc/shadow- /etc/gshadow /etc/gshadow- | sort -u; stat -c '%A %G' /usr/sbin/unix_chkpwd"
  says    = "640 root shadow\n-rwxr-sr-x shadow"
}

disagreement "Boot loader and wireless in a container" {
  scanner = ["file_owner_grub2_cfg", "file_permissions_grub2_cfg", "grub2_audit_argument", "grub2_audit_backlog_limit_argument", "grub2_password", "wireless_disable_interfaces"]
  right   = "both"
  why     = "The scanner sees a container and leaves out what is about a machine. We decide by the files of the boot loader, which an image has wherever it is looked at, and by the links that are there."
}

disagreement "A desktop that is not installed" {
  scanner = ["package_gdm_removed"]
  right   = "both"
  why     = "The scanner leaves the rule out where the package is not installed, we pass it."
}

disagreement "Modules that no kernel has" {
  scanner = ["kernel_module_cramfs_disabled", "kernel_module_freevxfs_disabled", "kernel_module_hfs_disabled", "kernel_module_hfsplus_disabled", "kernel_module_jffs2_disabled", "kernel_module_usb-storage_disabled"]
  right   = "ours"
  why     = "The scanner wants a line in modprobe.d. No installed kernel has the modules, so that there is nothing to load; where one has them, we want the line."
  command = "find /usr/lib/modules -name '*.ko*' | sed 's|.*/||; s|[.]ko.*||' | grep -cxE 'cramfs|freevxfs|hfs|hfsplus|jffs2|usb-storage'"
  says    = "0"
}

disagreement "Where logs are sent" {
  scanner = ["rsyslog_remote_loghost"]
  right   = "both"
  why     = "No line sends messages away. The scanner fails, we show what was found and leave it to a person, because an agent may collect them in another way; the benchmark calls it manual."
}

disagreement "The log of sudo" {
  scanner = ["sudo_custom_logfile"]
  right   = "ours"
  why     = "The scanner compares the value with its quotes. sudo takes them off."
  command = "cvtsudoers -f sudoers /etc/sudoers.d/60-harden"
  says    = "Defaults logfile=/var/log/sudo.log"
}

disagreement "Who may use su" {
  scanner = ["use_pam_wheel_for_su"]
  right   = "ours"
  why     = "The scanner wants the line to end in use_uid. Without a group, pam_wheel takes the group root's members and those of wheel, if it exists; the benchmark asks for a group that is named and empty, and so does our line."
  command = "grep pam_wheel /etc/pam.d/su | grep -v ^#"
  says    = "auth      required    pam_wheel.so use_uid group=sugroup"
}

alone {
  scanner = ["package_iptables_installed", "service_iptables_enabled", "set_ip6tables_default_rule", "set_iptables_default_rule"]
  why     = "the newer benchmark wants one firewall, and the profile picks ufw. The scanner does not check the last two itself"
}

alone {
  scanner = ["package_ntp_installed", "service_ntp_enabled"]
  why     = "the newer benchmark wants one time daemon, and Ubuntu 22.04 comes with chrony or timesyncd"
}

alone {
  scanner = ["accounts_password_pam_retry"]
  why     = "how often passwd asks again is not in the newer benchmark"
}
