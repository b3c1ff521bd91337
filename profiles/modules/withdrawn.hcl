# Add-ons for any node profile: modules that were withdrawn on nodes because of defects that gave local users root. No
# other profile has these rules. A kernel in which the defects are fixed needs none of them.
#
# What breaks: with the first, programs that have the kernel encrypt for them through AF_ALG, and AFS clients. With
# the second, IPsec too: a container network that encrypts between nodes with it loses all traffic between them. Name the
# second only where nothing on the node speaks IPsec. WireGuard is not concerned by either.

profile "withdrawn-modules" {
  version   = "1.0"
  benchmark = "Kernel modules withdrawn for defects"

  control "algif-aead" {
    level = 1
    rules = ["kmod-algif-aead-disabled"]
  }

  control "rxrpc" {
    level = 1
    rules = ["kmod-rxrpc-disabled"]
  }
}

profile "withdrawn-modules-and-ipsec" {
  version = "1.0"
  extends = "withdrawn-modules"

  control "esp4" {
    level = 1
    rules = ["kmod-esp4-disabled"]
  }

  control "esp6" {
    level = 1
    rules = ["kmod-esp6-disabled"]
  }
}
