kernel_package "installed" {}
