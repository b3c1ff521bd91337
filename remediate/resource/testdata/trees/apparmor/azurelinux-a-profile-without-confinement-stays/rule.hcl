apparmor "profiles" {
  mode = "loaded"
}
