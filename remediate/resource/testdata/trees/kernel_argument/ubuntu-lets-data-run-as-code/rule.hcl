kernel_argument "noexec" {
  value     = "on"
  or_absent = true
}
