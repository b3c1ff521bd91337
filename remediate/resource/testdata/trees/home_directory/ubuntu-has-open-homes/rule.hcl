home_directory "homes" {
  exist = true
  owned = true
  mode  = "0750"
}
