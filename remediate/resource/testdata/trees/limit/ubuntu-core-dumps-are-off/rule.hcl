limit "* hard core" {
  max = 0
}
