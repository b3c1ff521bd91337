kernel_module "cramfs" {
  state = "disabled"
}

kernel_module "freevxfs" {
  state = "disabled"
}

kernel_module "sctp" {
  state = "disabled"
}
