# What PAM does beside locking accounts: which modules have their say, and how passwords are made.

variable "password_history" {
  description = "earlier passwords that may not come back"
  default     = 24
}

variable "password_changed_characters" {
  description = "characters of a new password that the old one must not have"
  default     = 2
}

variable "password_max_repeat" {
  description = "longest run of one character in a password"
  default     = 3
}

variable "password_max_sequence" {
  description = "longest run such as 1234 or abcd in a password"
  default     = 3
}

variable "password_min_classes" {
  description = "kinds of characters that a password needs: upper and lower case, digits, others"
  default     = 4
}

variable "shell_timeout" {
  description = "seconds without input after which an interactive bash ends"
  default     = 900
}

rule "pam-unix-enabled" {
  title    = "Logins are checked against the local accounts"
  why      = "pam_unix knows passwords, expiry and locks of the local accounts; a stack without it lets them in unasked or not at all."
  breaks   = "Nothing: local accounts log in as before. Where only a directory's accounts may log in, local ones may then too."
  source   = "CIS benchmarks, PAM packages and modules; pam_unix(8)."
  severity = "high"

  pam "unix auth" {
    stack  = "auth"
    module = "pam_unix.so"
  }
  pam "unix account" {
    stack  = "account"
    module = "pam_unix.so"
  }
  pam "unix password" {
    stack  = "password"
    module = "pam_unix.so"
  }
  pam "unix session" {
    stack   = "session"
    module  = "pam_unix.so"
    control = "optional"
  }
}

rule "pam-pwquality-enabled" {
  title    = "New passwords are tried before they are taken"
  why      = "Without the module in the stack no demand on passwords has any effect."
  breaks   = "Automation that sets simple passwords fails. Passwords that exist stay."
  source   = "CIS benchmarks, PAM packages and modules; pam_pwquality(8)."
  severity = "medium"

  pam "password quality" {
    stack   = "password"
    module  = "pam_pwquality.so"
    control = "requisite"
    before  = "pam_unix.so"
  }
}

rule "lockout-includes-root" {
  title    = "Wrong passwords lock root too"
  why      = "Root's password is the one worth guessing."
  breaks   = "Anybody who reaches a login for root can lock it for that time, also for who repairs the machine at the console."
  source   = "CIS benchmarks, lockout; faillock.conf(5), even_deny_root."
  severity = "medium"

  key_value "even_deny_root" {
    file    = "/etc/security/faillock.conf"
    present = true
  }
}

rule "password-changed-characters" {
  title    = "A new password is not the old one with a letter changed"
  why      = "Who knows the old password tries its neighbours first."
  breaks   = "Passwords that are counted up are refused. Root is not asked for the old one, so this does not hold for what root sets."
  source   = "CIS benchmarks, pam_pwquality; pwquality.conf(5), difok."
  severity = "low"

  key_value "difok" {
    file = "/etc/security/pwquality.conf"
    min  = var.password_changed_characters
  }
}

rule "password-classes" {
  title    = "Passwords mix kinds of characters"
  why      = "A password of one kind of characters is guessed sooner."
  breaks   = "Automation that sets simple passwords fails. Passwords that exist stay."
  source   = "Azure security baseline for Linux; pwquality.conf(5), minclass."
  severity = "low"

  key_value "minclass" {
    file = "/etc/security/pwquality.conf"
    min  = var.password_min_classes
  }
}

rule "password-max-repeat" {
  title    = "Passwords do not repeat a character"
  why      = "Repeats make a password longer and no harder to guess."
  breaks   = "Generated passwords now and then have such a run, and are refused: automation should draw again."
  source   = "CIS benchmarks, pam_pwquality; pwquality.conf(5), maxrepeat."
  severity = "low"

  key_value "maxrepeat" {
    file = "/etc/security/pwquality.conf"
    min  = 1
    max  = var.password_max_repeat
  }
}

rule "password-max-sequence" {
  title    = "Passwords hold no long sequences"
  why      = "1234 and abcd make a password longer and no harder to guess."
  breaks   = "Generated passwords now and then have such a run, and are refused: automation should draw again."
  source   = "CIS benchmarks, pam_pwquality; pwquality.conf(5), maxsequence."
  severity = "low"

  key_value "maxsequence" {
    file = "/etc/security/pwquality.conf"
    min  = 1
    max  = var.password_max_sequence
  }
}

rule "password-dictionary" {
  title    = "Passwords are no words of a dictionary"
  why      = "Dictionaries are what guessing starts with."
  breaks   = "Nothing where cracklib's dictionary is installed; without it pam_pwquality refuses every new password."
  source   = "CIS benchmarks, pam_pwquality; pwquality.conf(5), dictcheck."
  severity = "medium"

  key_value "dictcheck" {
    file = "/etc/security/pwquality.conf"
    min  = 1
  }
}

rule "password-quality-enforced" {
  title    = "A bad password is refused, not only complained of"
  why      = "With enforcing = 0 the module warns and lets every password through."
  breaks   = "Automation that sets simple passwords fails. Passwords that exist stay."
  source   = "CIS benchmarks, pam_pwquality; pwquality.conf(5), enforcing."
  severity = "medium"

  key_value "enforcing" {
    file = "/etc/security/pwquality.conf"
    min  = 1
  }
}

rule "password-quality-root" {
  title    = "Root's changes of passwords have to be good as well"
  why      = "Without it root is only warned, for its own password and for those that it sets for others."
  breaks   = "Automation that sets simple passwords as root fails, cloud-init's and the Azure agent's for the first account included where they go through PAM."
  source   = "CIS benchmarks, pam_pwquality; pwquality.conf(5), enforce_for_root."
  severity = "low"

  key_value "enforce_for_root" {
    file    = "/etc/security/pwquality.conf"
    present = true
  }
}

rule "password-history" {
  title    = "Old passwords do not come back"
  why      = "A password that leaked once is tried again."
  breaks   = "The module keeps hashes in /etc/security/opasswd, and automation that sets one password again fails, as root too."
  source   = "CIS benchmarks, pam_pwhistory; pam_pwhistory(8)."
  severity = "low"

  pam "history" {
    stack     = "password"
    module    = "pam_pwhistory.so"
    control   = "requisite"
    after     = "pam_pwquality.so"
    before    = "pam_unix.so"
    arguments = ["enforce_for_root", "use_authtok"]
    minimum   = { remember = var.password_history }
  }
}

rule "pam-unix-passwords" {
  title    = "pam_unix refuses empty passwords, hashes new ones well, and leaves their history to its module"
  why      = "nullok lets accounts with an empty password in; remember keeps old passwords as weak hashes; without use_authtok a password that the modules before have refused can be asked for again. The settings stand in one line, so they are one rule."
  breaks   = "Accounts that log in without a password are shut out. Where no module before pam_unix asks for the new password, use_authtok leaves it without one."
  source   = "CIS benchmarks, pam_unix; pam_unix(8), crypt(5)."
  severity = "high"

  pam "empty passwords" {
    stack   = "auth"
    module  = "pam_unix.so"
    without = ["nullok"]
  }
  pam "new passwords" {
    stack     = "password"
    module    = "pam_unix.so"
    arguments = ["use_authtok"]
    any_of    = ["sha512", "yescrypt"]
    without   = ["nullok", "remember"]
  }
}

rule "password-hash-strong" {
  title    = "PAM hashes new passwords with SHA-512 or yescrypt"
  why      = "Hashes leak with backups, and older kinds are guessed in hours."
  breaks   = "Nothing: passwords that exist keep their hash until they are changed. Machines that share the hashes may be too old for yescrypt."
  source   = "CIS benchmarks, password hashing; pam_unix(8), crypt(5)."
  severity = "medium"

  pam "hash" {
    stack  = "password"
    module = "pam_unix.so"
    any_of = ["sha512", "yescrypt"]
  }
}

rule "shell-timeout" {
  title    = "An idle shell ends"
  why      = "Whoever comes by an open terminal is who left it."
  breaks   = "An interactive shell that waits for a key ends, and with it what it holds in the foreground at a prompt. Programs that run are not cut off, scripts neither."
  source   = "CIS benchmarks, user default environment; bash(1), TMOUT."
  severity = "low"

  shell_timeout "idle shells" {
    max = var.shell_timeout
  }
}
