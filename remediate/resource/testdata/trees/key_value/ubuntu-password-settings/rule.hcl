key_value "PASS_MAX_DAYS" {
  file = "/etc/login.defs"
  min  = 1
  max  = 90
}

key_value "PASS_MIN_DAYS" {
  file = "/etc/login.defs"
  min  = 7
}

key_value "INACTIVE" {
  file = "/etc/default/useradd"
  min  = 0
  max  = 30
}

key_value "minlen" {
  file = "/etc/security/pwquality.conf"
  min  = 14
}

key_value "ucredit" {
  file = "/etc/security/pwquality.conf"
  max  = -1
}

key_value "dictcheck" {
  file = "/etc/security/pwquality.conf"
  min  = 1
}

key_value "enforce_for_root" {
  file    = "/etc/security/pwquality.conf"
  present = true
}

key_value "deny" {
  file = "/etc/security/faillock.conf"
  min  = 1
  max  = 5
}

key_value "unlock_time" {
  file  = "/etc/security/faillock.conf"
  min   = 900
  allow = ["0", "never"]
}

key_value "even_deny_root" {
  file    = "/etc/security/faillock.conf"
  present = true
}
