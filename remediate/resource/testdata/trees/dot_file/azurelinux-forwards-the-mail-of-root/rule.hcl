dot_file ".forward" {
  state = "absent"
}
