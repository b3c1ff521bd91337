pam "quality" {
  stack   = "password"
  module  = "pam_pwquality.so"
  control = "requisite"
  before  = "pam_unix.so"
}

pam "history" {
  stack     = "password"
  module    = "pam_pwhistory.so"
  control   = "requisite"
  before    = "pam_unix.so"
  after     = "pam_pwquality.so"
  arguments = ["enforce_for_root", "use_authtok"]
  minimum   = { remember = 24 }
}
