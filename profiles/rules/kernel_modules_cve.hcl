# Modules that were withdrawn on nodes because of defects that gave local users root. No node profile has
# these rules: fixed kernels need none of them, and some nodes need the modules. The add-ons withdrawn-modules
# and withdrawn-modules-and-ipsec have them.

rule "kmod-algif-aead-disabled" {
  title    = "algif_aead cannot be loaded"
  why      = "The module, the AEAD interface of kernel sockets, is loaded for any user who opens a socket of its kind, and a defect in it gave local users root until the kernel was fixed."
  breaks   = "Programs that have the kernel encrypt for them through AF_ALG fall back or fail: libkcapi, some builds of OpenSSL and the benchmark of cryptsetup do."
  source   = "The node image builder's mitigations of 2026 (github.com/Azure/AgentBaker, modprobe-CIS.conf); modprobe.d(5)."
  severity = "high"

  kernel_module "algif_aead" {
    state = "disabled"
  }
}

rule "kmod-esp4-disabled" {
  title    = "esp4 cannot be loaded"
  why      = "The module, IPsec over IPv4, is loaded for any user who opens a socket of its kind, and a defect in it gave local users root until the kernel was fixed."
  breaks   = "IPsec needs it: container networks that encrypt between nodes (Cilium, Calico and others with IPsec) lose all traffic between them."
  source   = "The node image builder's mitigations of 2026 (github.com/Azure/AgentBaker, modprobe-CIS.conf); modprobe.d(5)."
  severity = "high"

  kernel_module "esp4" {
    state = "disabled"
  }
}

rule "kmod-esp6-disabled" {
  title    = "esp6 cannot be loaded"
  why      = "The module, IPsec over IPv6, is loaded for any user who opens a socket of its kind, and a defect in it gave local users root until the kernel was fixed."
  breaks   = "IPsec needs it: container networks that encrypt between nodes over IPv6 lose all traffic between them."
  source   = "The node image builder's mitigations of 2026 (github.com/Azure/AgentBaker, modprobe-CIS.conf); modprobe.d(5)."
  severity = "high"

  kernel_module "esp6" {
    state = "disabled"
  }
}

rule "kmod-rxrpc-disabled" {
  title    = "rxrpc cannot be loaded"
  why      = "The module, the protocol of AFS, is loaded for any user who opens a socket of its kind, and a defect in it gave local users root until the kernel was fixed."
  breaks   = "AFS clients need it; nothing else on a node does."
  source   = "The node image builder's mitigations of 2026 (github.com/Azure/AgentBaker, modprobe-CIS.conf); modprobe.d(5)."
  severity = "high"

  kernel_module "rxrpc" {
    state = "disabled"
  }
}
