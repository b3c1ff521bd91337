pam "no empty passwords" {
  stack   = "auth"
  module  = "pam_unix.so"
  without = ["nullok"]
}
