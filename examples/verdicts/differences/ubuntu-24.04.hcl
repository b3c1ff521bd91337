# Why our verdict on the lab's Ubuntu-24.04-shaped node is not the one that AKS publishes of its image.

difference {
  controls = ["1.1.2.1.2", "1.1.2.1.3", "1.1.2.1.4"]
  why      = "/tmp is a folder of the root file system here and on the image. The published scan passes an option of a mount that is not there; we say that nothing is there to have it"
}

difference {
  controls = ["1.1.2.3.2", "1.1.2.3.3", "1.1.2.4.2", "1.1.2.4.3", "1.1.2.5.2", "1.1.2.5.3", "1.1.2.5.4", "1.1.2.6.2", "1.1.2.6.3", "1.1.2.6.4", "1.1.2.7.2", "1.1.2.7.3", "1.1.2.7.4"]
  why      = "no file system of its own here or on the image: published as passing, said to be absent here"
}

difference {
  controls = ["1.3.1.3", "1.3.1.4"]
  why      = "Ubuntu 24.04 ships profiles that are loaded and confine nothing, only to let a program make user namespaces, and the published scan fails them; the lab has four profiles of Debian, all enforced"
}

difference {
  controls = ["1.7.2", "1.7.3", "1.7.4", "1.7.5", "1.7.6", "1.7.7", "1.7.8", "1.7.9", "1.7.10"]
  why      = "no graphical login is installed here or on the image: published as passing, said to be absent here"
}

difference {
  controls = ["2.1.12"]
  why      = "the image has rpcbind, for volumes over NFS, and AKS waives it; the lab has none"
}

difference {
  controls = ["2.1.21"]
  why      = "no mail server is installed here, so that there is nothing to ask it of: published as passing, said not to apply here"
}

difference {
  controls = ["2.3.2.1", "2.3.2.2"]
  why      = "chrony keeps the time here and on the image, so timesyncd is not asked: published as passing, said not to apply here"
}

difference {
  controls = ["2.3.3.1"]
  why      = "chrony of the image takes the time from the hypervisor's clock device, and AKS waives that it names no server; the lab's has Debian's configuration, which names a pool"
}

difference {
  controls = ["4.2.2"]
  why      = "published as covered by the network's own filters, with the whole section; iptables-persistent is not installed here"
}

difference {
  controls = ["4.2.3", "4.2.4", "4.2.5", "4.2.6", "4.2.7"]
  why      = "ufw is not installed here, so its settings do not apply; that it is not installed fails 4.2.1, which AKS waives with these"
}

difference {
  controls = ["4.3.1", "4.3.2", "4.3.3", "4.3.4", "4.3.5", "4.3.6", "4.3.7", "4.3.8", "4.3.9", "4.3.10"]
  why      = "the benchmark wants one of three firewalls, and the profile's is ufw: the rules about nftables are not asked. Published as covered by the network's own filters"
}

difference {
  controls = ["4.4.1.1", "4.4.1.2", "4.4.1.3", "4.4.2.1", "4.4.2.2", "4.4.2.3", "4.4.2.4", "4.4.3.1", "4.4.3.2", "4.4.3.3", "4.4.3.4"]
  why      = "the benchmark wants one of three firewalls, and the profile's is ufw: the rules about iptables are not asked. Published as covered by the network's own filters"
}

difference {
  controls = ["5.3.3.2.3"]
  why      = "the benchmark leaves the mix of characters to a person; the profile names AKS's values, so that it can be checked"
}

difference {
  controls = ["5.4.1.1", "5.4.1.5"]
  why      = "AKS fails it because an expired root keeps a node from being provisioned. Our profile has the ages for everybody but root, by a parameter, and that is what is checked"
}

difference {
  controls = ["5.4.1.2"]
  why      = "the benchmark leaves the minimum age to a person; the profile names AKS's value, so that it can be checked"
}

difference {
  controls = ["6.1.1.2", "6.1.1.3", "6.1.3.5"]
  why      = "the benchmark leaves it to a person; the profile names what is wanted, so that it can be checked"
}

difference {
  controls = ["6.1.2.1.2"]
  why      = "AKS sends its logs another way and publishes the control as not applicable; ours shows a person where the journal would be sent, which is the operator's to say"
}

difference {
  controls = ["6.1.2.1.3"]
  why      = "rsyslog keeps the logs of the image, so the published scan does not ask that the journal is sent; we ask, it is not, and the profile waives it because an agent collects the logs"
}

difference {
  controls = ["6.1.3.6"]
  why      = "published as not applicable because an agent collects the logs; that is a decision, so the profile has it as a waiver"
}

difference {
  controls = ["6.2.2.1", "6.2.2.2", "6.2.2.3", "6.2.2.4"]
  why      = "auditd is not installed here or on the image: published as failing; here that fails 6.2.1.1, which AKS waives, and settings of a program that is absent do not apply"
}

difference {
  controls = [
    "6.2.3.1", "6.2.3.2", "6.2.3.3", "6.2.3.4", "6.2.3.5", "6.2.3.6", "6.2.3.7", "6.2.3.8", "6.2.3.9", "6.2.3.10",
    "6.2.3.11", "6.2.3.12", "6.2.3.13", "6.2.3.14", "6.2.3.15", "6.2.3.16", "6.2.3.17", "6.2.3.18", "6.2.3.19", "6.2.3.20",
  ]
  why      = "auditd is not installed here or on the image, so no rule of it does anything: published as failing, said not to apply here, and waived in case that somebody installs it"
}

difference {
  controls = ["6.2.3.21"]
  why      = "the benchmark leaves it to a person; without auditd there is nothing to compare"
}

difference {
  controls = ["6.2.4.1", "6.2.4.2", "6.2.4.4"]
  why      = "auditd is not installed here or on the image, so it has no log: published as failing, said not to apply here"
}

difference {
  controls = ["6.2.4.3", "6.2.4.5", "6.2.4.6", "6.2.4.7", "6.2.4.8", "6.2.4.9", "6.2.4.10"]
  why      = "auditd is not installed here or on the image, so it has no files: published as passing, said not to apply here"
}

difference {
  controls = ["6.3.1"]
  why      = "published as for a person to decide; AIDE is not installed here, which fails, and the profile waives it"
}

difference {
  controls = ["6.3.2"]
  why      = "published as for a person to decide; AIDE is not installed here, so that nothing of it can be scheduled"
}

difference {
  controls = ["6.3.3"]
  why      = "AIDE is not installed here, so that it has no configuration: published as failing, said not to apply here, and its absence is 6.3.1"
}

unshown {
  controls = ["1.1.2.2.4"]
  why      = "fstab has noexec, but a container's /dev/shm is mounted by what starts it, and systemd mounts nothing again in one"
}

unshown {
  controls = ["1.3.1.2"]
  why      = "the boot loader's files have the arguments, but the node runs on the kernel of the machine, which was started without them"
}

unshown {
  controls = ["2.3.3.3"]
  why      = "chrony starts at boot, but its unit does not start it in a container, which may not set the clock"
}
