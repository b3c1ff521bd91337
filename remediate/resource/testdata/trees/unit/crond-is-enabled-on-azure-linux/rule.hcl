unit "crond.service" {
  state = "enabled"
}
