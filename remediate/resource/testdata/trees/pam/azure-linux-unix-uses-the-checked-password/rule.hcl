pam "no empty passwords" {
  stack   = "auth"
  module  = "pam_unix.so"
  without = ["nullok"]
}

pam "hash" {
  stack     = "password"
  module    = "pam_unix.so"
  arguments = ["use_authtok"]
  any_of    = ["sha512", "yescrypt"]
  without   = ["nullok", "remember"]
}
