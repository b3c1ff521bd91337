sudo_password "everybody" {
  required_of = "everybody"
}
