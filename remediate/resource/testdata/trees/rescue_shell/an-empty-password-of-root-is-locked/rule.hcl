rescue_shell "single user mode" {
  authentication = "required"
}
