shell_timeout "idle shells" {
  max = 900
}
