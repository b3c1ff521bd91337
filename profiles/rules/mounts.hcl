# What is a file system of its own, and with which options it is mounted. One rule an option: benchmarks
# number them one by one, and a node may have to do without one of them. The options of one mount are put
# together when they are planned.

rule "tmp-separate" {
  title = "/tmp is a file system of its own"
  why   = "Anybody can fill it, and with it the file system of whatever it stands on. As a tmpfs it takes memory from the pods. Options such as nosuid need a file system to hang on. Cannot be changed in place: partitions are laid out when the image is made. Source: CIS benchmarks, file system partitions; fstab(5), systemd.mount(5)."

  partition "/tmp" {}
}

rule "var-separate" {
  title = "/var is a file system of its own"
  why   = "Logs, images and caches grow there, and a full root file system stops the node. Options such as nosuid need a file system to hang on. Cannot be changed in place: partitions are laid out when the image is made. Source: CIS benchmarks, file system partitions; fstab(5), systemd.mount(5)."

  partition "/var" {}
}

rule "var-tmp-separate" {
  title = "/var/tmp is a file system of its own"
  why   = "Anybody can fill it, and what is there outlives a reboot. Options such as nosuid need a file system to hang on. Cannot be changed in place: partitions are laid out when the image is made. Source: CIS benchmarks, file system partitions; fstab(5), systemd.mount(5)."

  partition "/var/tmp" {}
}

rule "var-log-separate" {
  title = "/var/log is a file system of its own"
  why   = "Logs that grow, or are made to grow, fill what they share with the system. Options such as nosuid need a file system to hang on. Cannot be changed in place: partitions are laid out when the image is made. Source: CIS benchmarks, file system partitions; fstab(5), systemd.mount(5)."

  partition "/var/log" {}
}

rule "var-log-audit-separate" {
  title = "/var/log/audit is a file system of its own"
  why   = "auditd can be told to stop the machine when its space runs out, so nothing else should use it up. Options such as nosuid need a file system to hang on. Cannot be changed in place: partitions are laid out when the image is made. Source: CIS benchmarks, file system partitions; fstab(5), systemd.mount(5)."

  partition "/var/log/audit" {}
}

rule "home-separate" {
  title = "/home is a file system of its own"
  why   = "Users can fill it, and with it what it shares with the system. Options such as nosuid need a file system to hang on. Cannot be changed in place: partitions are laid out when the image is made. Source: CIS benchmarks, file system partitions; fstab(5), systemd.mount(5)."

  partition "/home" {}
}

rule "shm-separate" {
  title = "/dev/shm is a file system of its own"
  why   = "Shared memory is a place to put files that everybody can write to. systemd mounts it at the start of every boot. Options such as nosuid need a file system to hang on. Cannot be changed in place: partitions are laid out when the image is made. Source: CIS benchmarks, file system partitions; fstab(5), systemd.mount(5)."

  partition "/dev/shm" {}
}

rule "tmp-nodev" {
  title = "/tmp is mounted so that device files in it have no effect"
  why   = "A device file that a user brings along would give raw access to a disk or to memory. Where /tmp is no file system of its own there is nothing to set. Source: CIS benchmarks, file system partitions; mount(8)."

  mount_option "/tmp" {
    options = ["nodev"]
  }
}

rule "tmp-nosuid" {
  title = "/tmp is mounted so that set-uid programs in it have no effect"
  why   = "A set-uid program that gets there would run with its owner's rights for everybody. Where /tmp is no file system of its own there is nothing to set. Source: CIS benchmarks, file system partitions; mount(8)."

  mount_option "/tmp" {
    options = ["nosuid"]
  }
}

rule "tmp-noexec" {
  title = "/tmp is mounted so that programs in it do not start"
  why   = "Whoever can write there could otherwise start what was put there. Packer's provisioners, dpkg's configuration scripts and many installers start programs in /tmp: everything that comes after in the same build needs another directory (remote_folder), or the rule comes last. Where /tmp is no file system of its own there is nothing to set. Source: CIS benchmarks, file system partitions; mount(8)."

  mount_option "/tmp" {
    options = ["noexec"]
  }
}

rule "shm-nodev" {
  title = "/dev/shm is mounted so that device files in it have no effect"
  why   = "A device file that a user brings along would give raw access to a disk or to memory. Where /dev/shm is no file system of its own there is nothing to set. Source: CIS benchmarks, file system partitions; mount(8)."

  mount_option "/dev/shm" {
    options = ["nodev"]
  }
}

rule "shm-nosuid" {
  title = "/dev/shm is mounted so that set-uid programs in it have no effect"
  why   = "A set-uid program that gets there would run with its owner's rights for everybody. Where /dev/shm is no file system of its own there is nothing to set. Source: CIS benchmarks, file system partitions; mount(8)."

  mount_option "/dev/shm" {
    options = ["nosuid"]
  }
}

rule "shm-noexec" {
  title = "/dev/shm is mounted so that programs in it do not start"
  why   = "Whoever can write there could otherwise start what was put there. Some language runtimes and databases map generated code from shared memory. Where /dev/shm is no file system of its own there is nothing to set. Source: CIS benchmarks, file system partitions; mount(8)."

  mount_option "/dev/shm" {
    options = ["noexec"]
  }
}

rule "home-nodev" {
  title = "/home is mounted so that device files in it have no effect"
  why   = "A device file that a user brings along would give raw access to a disk or to memory. Where /home is no file system of its own there is nothing to set. Source: CIS benchmarks, file system partitions; mount(8)."

  mount_option "/home" {
    options = ["nodev"]
  }
}

rule "home-nosuid" {
  title = "/home is mounted so that set-uid programs in it have no effect"
  why   = "A set-uid program that gets there would run with its owner's rights for everybody. Where /home is no file system of its own there is nothing to set. Source: CIS benchmarks, file system partitions; mount(8)."

  mount_option "/home" {
    options = ["nosuid"]
  }
}

rule "var-nodev" {
  title = "/var is mounted so that device files in it have no effect"
  why   = "A device file that a user brings along would give raw access to a disk or to memory. Where /var is no file system of its own there is nothing to set. Source: CIS benchmarks, file system partitions; mount(8)."

  mount_option "/var" {
    options = ["nodev"]
  }
}

rule "var-nosuid" {
  title = "/var is mounted so that set-uid programs in it have no effect"
  why   = "A set-uid program that gets there would run with its owner's rights for everybody. Container images unpacked below /var lose their set-uid programs. Where /var is no file system of its own there is nothing to set. Source: CIS benchmarks, file system partitions; mount(8)."

  mount_option "/var" {
    options = ["nosuid"]
  }
}

rule "var-tmp-nodev" {
  title = "/var/tmp is mounted so that device files in it have no effect"
  why   = "A device file that a user brings along would give raw access to a disk or to memory. Where /var/tmp is no file system of its own there is nothing to set. Source: CIS benchmarks, file system partitions; mount(8)."

  mount_option "/var/tmp" {
    options = ["nodev"]
  }
}

rule "var-tmp-nosuid" {
  title = "/var/tmp is mounted so that set-uid programs in it have no effect"
  why   = "A set-uid program that gets there would run with its owner's rights for everybody. Where /var/tmp is no file system of its own there is nothing to set. Source: CIS benchmarks, file system partitions; mount(8)."

  mount_option "/var/tmp" {
    options = ["nosuid"]
  }
}

rule "var-tmp-noexec" {
  title = "/var/tmp is mounted so that programs in it do not start"
  why   = "Whoever can write there could otherwise start what was put there. dracut and mkinitramfs start programs there: they need TMPDIR set to another place. Where /var/tmp is no file system of its own there is nothing to set. Source: CIS benchmarks, file system partitions; mount(8)."

  mount_option "/var/tmp" {
    options = ["noexec"]
  }
}

rule "var-log-nodev" {
  title = "/var/log is mounted so that device files in it have no effect"
  why   = "A device file that a user brings along would give raw access to a disk or to memory. Where /var/log is no file system of its own there is nothing to set. Source: CIS benchmarks, file system partitions; mount(8)."

  mount_option "/var/log" {
    options = ["nodev"]
  }
}

rule "var-log-nosuid" {
  title = "/var/log is mounted so that set-uid programs in it have no effect"
  why   = "A set-uid program that gets there would run with its owner's rights for everybody. Where /var/log is no file system of its own there is nothing to set. Source: CIS benchmarks, file system partitions; mount(8)."

  mount_option "/var/log" {
    options = ["nosuid"]
  }
}

rule "var-log-noexec" {
  title = "/var/log is mounted so that programs in it do not start"
  why   = "Whoever can write there could otherwise start what was put there. Where /var/log is no file system of its own there is nothing to set. Source: CIS benchmarks, file system partitions; mount(8)."

  mount_option "/var/log" {
    options = ["noexec"]
  }
}

rule "var-log-audit-nodev" {
  title = "/var/log/audit is mounted so that device files in it have no effect"
  why   = "A device file that a user brings along would give raw access to a disk or to memory. Where /var/log/audit is no file system of its own there is nothing to set. Source: CIS benchmarks, file system partitions; mount(8)."

  mount_option "/var/log/audit" {
    options = ["nodev"]
  }
}

rule "var-log-audit-nosuid" {
  title = "/var/log/audit is mounted so that set-uid programs in it have no effect"
  why   = "A set-uid program that gets there would run with its owner's rights for everybody. Where /var/log/audit is no file system of its own there is nothing to set. Source: CIS benchmarks, file system partitions; mount(8)."

  mount_option "/var/log/audit" {
    options = ["nosuid"]
  }
}

rule "var-log-audit-noexec" {
  title = "/var/log/audit is mounted so that programs in it do not start"
  why   = "Whoever can write there could otherwise start what was put there. Where /var/log/audit is no file system of its own there is nothing to set. Source: CIS benchmarks, file system partitions; mount(8)."

  mount_option "/var/log/audit" {
    options = ["noexec"]
  }
}

rule "removable-media-nodev" {
  title = "Removable media are mounted so that device files on them have no effect"
  why   = "What is on a medium was made on another machine, by somebody else. Nodes have no drives, so this only applies where an entry of fstab says otherwise. Source: CIS benchmarks, file system partitions; mount(8)."

  mount_class "removable" {
    options = ["nodev"]
  }
}

rule "removable-media-nosuid" {
  title = "Removable media are mounted so that set-uid programs on them have no effect"
  why   = "What is on a medium was made on another machine, by somebody else. Nodes have no drives, so this only applies where an entry of fstab says otherwise. Source: CIS benchmarks, file system partitions; mount(8)."

  mount_class "removable" {
    options = ["nosuid"]
  }
}

rule "removable-media-noexec" {
  title = "Removable media are mounted so that programs on them do not start"
  why   = "What is on a medium was made on another machine, by somebody else. Nodes have no drives, so this only applies where an entry of fstab says otherwise. Source: CIS benchmarks, file system partitions; mount(8)."

  mount_class "removable" {
    options = ["noexec"]
  }
}

rule "nfs-options" {
  title = "NFS file systems are mounted so that device files and set-uid programs on them have no effect"
  why   = "Who administers the server would otherwise have root on this machine. Volumes of pods are mounted by the kubelet and are not meant. Source: Azure security baseline for Linux; nfs(5), mount(8)."

  mount_class "nfs" {
    options = ["nodev", "nosuid"]
  }
}
