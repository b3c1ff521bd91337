# Who has an account: passwd, shadow, group and gshadow.

variable "unneeded_accounts" {
  description = "accounts that nothing on a node needs"
  default     = ["games", "test"]
}

variable "system_accounts_with_shell" {
  description = "system accounts that services log in as, and need their shell"
  default     = []
}

variable "password_age_except" {
  description = "existing accounts whose passwords may be of any age; expiry of root's keeps AKS nodes from being provisioned"
  default     = []
}

variable "password_min_days" {
  description = "days for which a new password has to be kept"
  default     = 7
}

variable "password_warn_days" {
  description = "days ahead of a password's expiry when its owner is warned"
  default     = 7
}

rule "root-only-uid-0" {
  title    = "Only root has user id 0"
  why      = "Every account with user id 0 is root, whatever its name, and logs and sudo rules that name root miss it."
  breaks   = "A login by a second such account ends once a person removes it. Nothing on a node has one."
  source   = "CIS benchmarks, root accounts; passwd(5)."
  severity = "high"

  accounts "user id 0" {
    require = "uid_0_is_root"
  }
}

rule "root-only-gid-0" {
  title    = "Only root has group 0"
  why      = "What root leaves to its group is open to every account of that group. sync, shutdown, halt and operator have it by tradition and cannot log in."
  breaks   = "An account that reaches root's files through its group loses them."
  source   = "CIS benchmarks, root accounts; passwd(5)."
  severity = "medium"

  accounts "group 0" {
    require = "gid_0_is_root"
  }
}

rule "root-group-only-gid-0" {
  title    = "The group root exists, and it alone has group id 0"
  why      = "A second group of that number gives its members root's group unseen, and su that is restricted to the group root needs the group to be there."
  breaks   = "Renumbering a group leaves its files with the old number, so members of the group lose them until somebody changes that too."
  source   = "CIS benchmarks, root accounts; group(5)."
  severity = "medium"

  accounts "group root" {
    require = "group_0_is_root"
  }
}

rule "root-default-group" {
  title    = "Root's group is 0"
  why      = "Files that root makes would otherwise belong to a group that others may be in."
  breaks   = "Nothing: no package of the supported systems gives root another group."
  source   = "CIS benchmarks, user accounts; passwd(5)."
  severity = "medium"

  accounts "root's group" {
    require = "root_default_group"
  }
}

rule "root-access-controlled" {
  title    = "Root has a password, or none fits"
  why      = "An empty password of root lets anybody in at a console. A password and a lock will both do."
  breaks   = "A locked root cannot use the rescue console. Cloud images lock root anyway: cloud-init and the Azure agent give administrators sudo."
  source   = "CIS benchmarks, root accounts; passwd(1), shadow(5)."
  severity = "high"

  accounts "root's password" {
    require = "root_has_password_or_lock"
  }
}

rule "root-path-safe" {
  title    = "Root's search path leads only where root alone may write"
  why      = "Root runs whatever stands first in its search path. An empty entry or a dot runs programs of the directory that root happens to be in; a directory that others can write to, or can make, runs theirs."
  breaks   = "Commands in a directory that is taken out need their full path, in root's scripts too."
  source   = "CIS benchmarks, root accounts; bash(1), login.defs(5), pam_env(8)."
  severity = "high"

  root_path "root" {
    exist = true
  }
}

rule "root-umask" {
  title    = "Files that root makes are closed to others"
  why      = "Root's startup files may loosen what the system's set, and what root writes is worth the most."
  breaks   = "Files that root makes by hand for other accounts need an explicit mode. Services do not read these files."
  source   = "CIS benchmarks, root accounts; bash(1), umask(2)."
  severity = "medium"

  umask "root" {
    value = var.umask
    homes = ["/root"]
  }
}

rule "system-accounts-no-shell" {
  title    = "System accounts have no shell"
  why      = "A service's account is not for logging in; with a shell, a hole in the service becomes a login."
  breaks   = "Scripts that use su with the account's own shell fail: they need runuser, or su -s. Units of systemd are not affected."
  source   = "CIS benchmarks, user accounts; nologin(8), login.defs(5), UID_MIN."
  severity = "medium"

  accounts "shells of system accounts" {
    require = "system_accounts_no_shell"
    except  = var.system_accounts_with_shell
  }
}

rule "accounts-without-shell-locked" {
  title    = "Accounts without a shell are locked"
  why      = "Where there is no shell, a password still opens mail, ftp and other services that ask PAM."
  breaks   = "Accounts of such services lose that way in. Nothing on a node logs in that way."
  source   = "CIS benchmarks, user accounts; passwd(1), shadow(5)."
  severity = "medium"

  accounts "accounts without a shell" {
    require = "no_shell_is_locked"
  }
}

rule "nologin-not-in-shells" {
  title    = "nologin is not among the shells"
  why      = "What /etc/shells lists counts as a login shell to programs such as ftp daemons and chsh."
  breaks   = "Programs that ask that file refuse accounts whose shell is nologin, which is what the shell is for."
  source   = "CIS benchmarks, user default environment; shells(5), nologin(8)."
  severity = "low"

  accounts "nologin as a shell" {
    require = "nologin_not_a_shell"
  }
}

rule "unneeded-accounts-absent" {
  title    = "Accounts that nothing needs do not exist"
  why      = "An account that nobody uses is one that nobody watches."
  breaks   = "Files that a removed account owned belong to whoever gets its number next, so a person removes it."
  source   = "Azure security baseline for Linux; userdel(8)."
  severity = "low"

  accounts "unneeded accounts" {
    require = "absent"
    names   = var.unneeded_accounts
  }
}

rule "passwords-shadowed" {
  title    = "Passwords stand in the shadow file only"
  why      = "Everybody may read passwd, and guess at the hashes there."
  breaks   = "Programs that look for hashes in passwd itself stop working; none of the supported systems has one."
  source   = "CIS benchmarks, user and group settings; pwconv(8), shadow(5)."
  severity = "high"

  accounts "shadowed passwords" {
    require = "passwords_shadowed"
  }
}

rule "passwords-not-empty" {
  title    = "No account has an empty password"
  why      = "An empty password lets anybody in who knows the name."
  breaks   = "An account that was used that way is locked, and needs a key or a password. A build that logs in so is locked out."
  source   = "CIS benchmarks, user and group settings; shadow(5), passwd(1)."
  severity = "high"

  accounts "empty passwords" {
    require = "passwords_not_empty"
  }
}

rule "password-hashes-strong" {
  title    = "No password is hashed in an outdated way"
  why      = "DES and MD5 hashes are guessed in hours."
  breaks   = "Nothing is changed: only a new password gets a new hash, so its owner has to set one."
  source   = "CIS benchmarks, password hashing; crypt(5)."
  severity = "medium"

  accounts "hashes of passwords" {
    require = "passwords_strongly_hashed"
  }
}

rule "password-change-in-past" {
  title    = "No password was changed in the future"
  why      = "A password whose change lies in the future does not expire until that day. It comes from a wrong clock."
  breaks   = "Nothing is changed: a person sets the day right."
  source   = "CIS benchmarks, shadow password suite; chage(1)."
  severity = "low"

  accounts "days of change" {
    require = "changes_in_the_past"
  }
}

rule "groups-of-accounts-exist" {
  title    = "The group of every account exists"
  why      = "A group that is made later with that number gets the account's files."
  breaks   = "Nothing is changed: which group is meant is for a person to say."
  source   = "CIS benchmarks, user and group settings; pwck(8)."
  severity = "low"

  accounts "groups of accounts" {
    require = "groups_exist"
  }
}

rule "shadow-group-empty" {
  title    = "Nobody is in the group shadow"
  why      = "Members of the group shadow may read the hashes of all passwords."
  breaks   = "A program that checks passwords under its own account loses that, and needs PAM's helper unix_chkpwd."
  source   = "CIS benchmarks, user and group settings; shadow(5), unix_chkpwd(8)."
  severity = "medium"

  accounts "group shadow" {
    require = "shadow_group_empty"
  }
}

rule "unique-user-ids" {
  title    = "No two accounts have one user id"
  why      = "To the kernel two accounts of one number are one: each may read and kill what the other's is."
  breaks   = "Renumbering one leaves its files behind, so a person does it."
  source   = "CIS benchmarks, user and group settings; passwd(5)."
  severity = "medium"

  accounts "user ids" {
    require = "unique_uids"
  }
}

rule "unique-group-ids" {
  title    = "No two groups have one group id"
  why      = "To the kernel two groups of one number are one, so members of either have the files of both."
  breaks   = "Renumbering one leaves its files behind, so a person does it."
  source   = "CIS benchmarks, user and group settings; group(5)."
  severity = "medium"

  accounts "group ids" {
    require = "unique_gids"
  }
}

rule "unique-user-names" {
  title    = "No two accounts have one name"
  why      = "Only the first of two accounts counts for a login, and the second waits until the first is removed."
  breaks   = "Nothing is changed: a person says which of the two is meant."
  source   = "CIS benchmarks, user and group settings; passwd(5), pwck(8)."
  severity = "low"

  accounts "user names" {
    require = "unique_users"
  }
}

rule "unique-group-names" {
  title    = "No two groups have one name"
  why      = "Only the first of two groups counts for permissions that are given by name, and members of the second believe to have them."
  breaks   = "Nothing is changed: a person says which of the two is meant."
  source   = "CIS benchmarks, user and group settings; group(5), grpck(8)."
  severity = "low"

  accounts "group names" {
    require = "unique_groups"
  }
}

rule "no-legacy-account-entries" {
  title    = "No entry of the account files is for NIS"
  why      = "A line that starts with + lets a NIS server add accounts where nsswitch.conf says compat, and programs that do not know of it take + for a name."
  breaks   = "Machines that use NIS lose the accounts that come from there."
  source   = "Azure security baseline for Linux; nsswitch.conf(5)."
  severity = "medium"

  accounts "entries for NIS" {
    require = "no_legacy_entries"
  }
}

rule "password-age-max" {
  title    = "Passwords of existing accounts expire"
  why      = "A stolen password stops working some day. login.defs is for accounts that are made later; those that exist have a limit of their own."
  breaks   = "An expired password stops cron jobs and key logins of its account too. Expiry of root's keeps AKS nodes from being provisioned: password_age_except leaves accounts out."
  source   = "CIS benchmarks, shadow password suite; chage(1), shadow(5)."
  severity = "low"

  password_age "expiry" {
    max    = var.password_max_days
    except = var.password_age_except
  }
}

rule "password-age-min" {
  title    = "Existing accounts keep a new password for a while"
  why      = "Without it the old password is back after as many changes as the history is long."
  breaks   = "Who has told their password away cannot change it until then; root can."
  source   = "CIS benchmarks, shadow password suite; chage(1)."
  severity = "low"

  password_age "earliest change" {
    min    = var.password_min_days
    except = var.password_age_except
  }
}

rule "password-age-warn" {
  title    = "Existing accounts are warned before their password expires"
  why      = "Who is not warned is locked out, and picks the next password in a hurry."
  breaks   = "Nothing: it only makes a login print a line."
  source   = "CIS benchmarks, shadow password suite; chage(1)."
  severity = "low"

  password_age "warning" {
    warn   = var.password_warn_days
    except = var.password_age_except
  }
}

rule "password-age-inactive" {
  title    = "Existing accounts are locked when their password has long expired"
  why      = "An account that nobody uses is one that nobody watches."
  breaks   = "An account that comes back after a long time is locked, also for keys and cron jobs. A lock of root keeps AKS nodes from being provisioned: password_age_except leaves accounts out."
  source   = "CIS benchmarks, shadow password suite; chage(1), shadow(5)."
  severity = "low"

  password_age "inactivity" {
    inactive = var.password_inactive_days
    except   = var.password_age_except
  }
}

rule "password-min-days" {
  title    = "New accounts keep a new password for a while"
  why      = "Without it the old password is back after as many changes as the history is long."
  breaks   = "Nothing for accounts that exist: accounts that are made later take the limit. Their owners cannot change a new password at once; root can."
  source   = "CIS benchmarks, shadow password suite; login.defs(5)."
  severity = "low"

  key_value "PASS_MIN_DAYS" {
    file = "/etc/login.defs"
    min  = var.password_min_days
  }
}

rule "password-warn-days" {
  title    = "New accounts are warned before their password expires"
  why      = "Who is not warned is locked out, and picks the next password in a hurry."
  breaks   = "Nothing: accounts that are made later take the number, and a login prints a line."
  source   = "CIS benchmarks, shadow password suite; login.defs(5)."
  severity = "low"

  key_value "PASS_WARN_AGE" {
    file = "/etc/login.defs"
    min  = var.password_warn_days
  }
}

rule "password-hash-new" {
  title    = "Shadow's programs hash new passwords with SHA-512 or yescrypt"
  why      = "chpasswd, newusers and gpasswd hash by login.defs where they do not ask PAM."
  breaks   = "Machines that share the hashes may be too old for yescrypt. Passwords that exist keep their hash."
  source   = "CIS benchmarks, password hashing; login.defs(5), crypt(5)."
  severity = "medium"

  key_value "ENCRYPT_METHOD" {
    file  = "/etc/login.defs"
    value = "SHA512"
    allow = ["YESCRYPT"]
  }
}
