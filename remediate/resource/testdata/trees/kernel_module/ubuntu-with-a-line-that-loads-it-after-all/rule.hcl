kernel_module "cramfs" {
  state = "disabled"
}

kernel_module "usb-storage" {
  state = "disabled"
}

kernel_module "cifs" {
  state = "disabled"
}
