pam "su is for a group" {
  stack     = "auth"
  services  = ["su", "su-l"]
  module    = "pam_wheel.so"
  control   = "required"
  before    = "pam_unix.so"
  after     = "pam_rootok.so"
  arguments = ["use_uid", "group=sugroup"]
}
