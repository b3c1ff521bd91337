# Which kernel boots, and that it uses what the processor has.

rule "kernel-from-packages" {
  title    = "Every installed kernel comes from a package"
  why      = "A kernel that somebody compiled gets no updates and was checked by nobody. What the package manager installs is signed by the distribution, as rule package-keys-known shows."
  breaks   = "Images whose owners build kernels of their own, outside of packages, fail until the kernel is packaged."
  source   = "Azure security baseline for Linux; names of kernel packages of Ubuntu and Azure Linux."
  severity = "high"

  kernel_package "installed" {}
}

rule "nx-not-switched-off" {
  title    = "The kernel is not told to let data run as code"
  why      = "Processors mark pages of data as not executable, which stops the simplest use of an overflow. Whether a processor can is the hypervisor's affair and not an image's; a kernel before 5.19 could be told with one word not to use it."
  breaks   = "Nothing: a program that runs code from its stack says so in its file."
  source   = "CIS benchmark of Ubuntu 18.04, 1.5.1; Azure security baseline for Linux; kernel-parameters of Linux 5.18, noexec."
  severity = "medium"

  kernel_argument "noexec" {
    value     = "on"
    or_absent = true
  }
}
