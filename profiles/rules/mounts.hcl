# What is a file system of its own, and with which options it is mounted. One rule an option: benchmarks
# number them one by one, and a node may have to do without one of them. The options of one mount are put
# together when they are planned.

rule "tmp-separate" {
  title    = "/tmp is a file system of its own"
  why      = "Anybody can fill /tmp, and with it the file system of whatever it stands on. Options such as nosuid need a file system to hang on."
  breaks   = "Nothing is changed: partitions are laid out when the image is made. As a tmpfs it takes memory from the pods."
  source   = "CIS benchmarks, filesystem partitions; fstab(5), systemd.mount(5)."
  severity = "low"

  partition "/tmp" {}
}

rule "var-separate" {
  title    = "/var is a file system of its own"
  why      = "Logs, images and caches grow there, and a full root file system stops the node. Options such as nosuid need a file system to hang on."
  breaks   = "Nothing is changed: partitions are laid out when the image is made. Space in one partition is missing in the others, and a kubelet counts each for itself."
  source   = "CIS benchmarks, filesystem partitions; fstab(5)."
  severity = "low"

  partition "/var" {}
}

rule "var-tmp-separate" {
  title    = "/var/tmp is a file system of its own"
  why      = "Anybody can fill /var/tmp, and what is there outlives a reboot. Options such as nosuid need a file system to hang on."
  breaks   = "Nothing is changed: partitions are laid out when the image is made."
  source   = "CIS benchmarks, filesystem partitions; fstab(5)."
  severity = "low"

  partition "/var/tmp" {}
}

rule "var-log-separate" {
  title    = "/var/log is a file system of its own"
  why      = "Logs that grow, or are made to grow, fill what they share with the system. Options such as nosuid need a file system to hang on."
  breaks   = "Nothing is changed: partitions are laid out when the image is made. Logs of pods stand there too, and a small partition evicts them."
  source   = "CIS benchmarks, filesystem partitions; fstab(5)."
  severity = "low"

  partition "/var/log" {}
}

rule "var-log-audit-separate" {
  title    = "/var/log/audit is a file system of its own"
  why      = "auditd can be told to stop the machine when its space runs out, so nothing else should use it up. Options such as nosuid need a file system to hang on."
  breaks   = "Nothing is changed: partitions are laid out when the image is made."
  source   = "CIS benchmarks, filesystem partitions; fstab(5), auditd.conf(5)."
  severity = "low"

  partition "/var/log/audit" {}
}

rule "home-separate" {
  title    = "/home is a file system of its own"
  why      = "Users can fill /home, and with it what it shares with the system. Options such as nosuid need a file system to hang on."
  breaks   = "Nothing is changed: partitions are laid out when the image is made."
  source   = "CIS benchmarks, filesystem partitions; fstab(5)."
  severity = "low"

  partition "/home" {}
}

rule "shm-separate" {
  title    = "/dev/shm is a file system of its own"
  why      = "Shared memory is a place to put files that everybody can write to. Options such as nosuid need a file system to hang on."
  breaks   = "Nothing: systemd mounts it at the start of every boot."
  source   = "CIS benchmarks, filesystem partitions; fstab(5), systemd's API file systems."
  severity = "low"

  partition "/dev/shm" {}
}

rule "tmp-nodev" {
  title    = "/tmp is mounted so that device files in it have no effect"
  why      = "A device file that a user brings along would give raw access to a disk or to memory."
  breaks   = "Nothing: only root can make device files, and nothing does there. Where /tmp is no file system of its own there is nothing to set."
  source   = "CIS benchmarks, filesystem partitions; mount(8), nodev."
  severity = "medium"

  mount_option "/tmp" {
    options = ["nodev"]
  }
}

rule "tmp-nosuid" {
  title    = "/tmp is mounted so that set-uid programs in it have no effect"
  why      = "A set-uid program that gets there would run with its owner's rights for everybody."
  breaks   = "Nothing known starts set-uid programs there. Where /tmp is no file system of its own there is nothing to set."
  source   = "CIS benchmarks, filesystem partitions; mount(8), nosuid."
  severity = "medium"

  mount_option "/tmp" {
    options = ["nosuid"]
  }
}

rule "tmp-noexec" {
  title    = "/tmp is mounted so that programs in it do not start"
  why      = "Whoever can write there could otherwise start what was put there."
  breaks   = "Packer's provisioners, dpkg's configuration scripts and many installers start programs in /tmp: everything that comes after in the same build needs another directory (remote_folder), or the rule comes last. Where /tmp is no file system of its own there is nothing to set."
  source   = "CIS benchmarks, filesystem partitions; mount(8), noexec; Packer documentation, shell provisioner, remote_folder."
  severity = "medium"

  mount_option "/tmp" {
    options = ["noexec"]
  }
}

rule "shm-nodev" {
  title    = "/dev/shm is mounted so that device files in it have no effect"
  why      = "A device file that a user brings along would give raw access to a disk or to memory."
  breaks   = "Nothing: nothing makes device files there."
  source   = "CIS benchmarks, filesystem partitions; mount(8), nodev."
  severity = "medium"

  mount_option "/dev/shm" {
    options = ["nodev"]
  }
}

rule "shm-nosuid" {
  title    = "/dev/shm is mounted so that set-uid programs in it have no effect"
  why      = "A set-uid program that gets there would run with its owner's rights for everybody."
  breaks   = "Nothing: nothing keeps programs there."
  source   = "CIS benchmarks, filesystem partitions; mount(8), nosuid."
  severity = "medium"

  mount_option "/dev/shm" {
    options = ["nosuid"]
  }
}

rule "shm-noexec" {
  title    = "/dev/shm is mounted so that programs in it do not start"
  why      = "Whoever can write there could otherwise start what was put there."
  breaks   = "Some language runtimes and databases on the host map generated code from shared memory. Pods have a /dev/shm of their own, which this does not touch."
  source   = "CIS benchmarks, filesystem partitions; mount(8), noexec."
  severity = "medium"

  mount_option "/dev/shm" {
    options = ["noexec"]
  }
}

rule "home-nodev" {
  title    = "/home is mounted so that device files in it have no effect"
  why      = "A device file that a user brings along would give raw access to a disk or to memory."
  breaks   = "Nothing: nothing makes device files there. Where /home is no file system of its own there is nothing to set."
  source   = "CIS benchmarks, filesystem partitions; mount(8), nodev."
  severity = "medium"

  mount_option "/home" {
    options = ["nodev"]
  }
}

rule "home-nosuid" {
  title    = "/home is mounted so that set-uid programs in it have no effect"
  why      = "A set-uid program that gets there would run with its owner's rights for everybody."
  breaks   = "Root file systems that users unpack in their homes, rootless containers among them, lose their set-uid programs. Where /home is no file system of its own there is nothing to set."
  source   = "CIS benchmarks, filesystem partitions; mount(8), nosuid."
  severity = "medium"

  mount_option "/home" {
    options = ["nosuid"]
  }
}

rule "var-nodev" {
  title    = "/var is mounted so that device files in it have no effect"
  why      = "A device file that a user brings along would give raw access to a disk or to memory."
  breaks   = "Root file systems that are unpacked below /var and entered by chroot, as image builders do, have no devices of their own; containers have theirs on a tmpfs. Where /var is no file system of its own there is nothing to set."
  source   = "CIS benchmarks, filesystem partitions; mount(8), nodev."
  severity = "medium"

  mount_option "/var" {
    options = ["nodev"]
  }
}

rule "var-nosuid" {
  title    = "/var is mounted so that set-uid programs in it have no effect"
  why      = "A set-uid program that gets there would run with its owner's rights for everybody."
  breaks   = "Volumes below /var (emptyDir, hostPath) take the option over, so set-uid programs in them lose their effect. Containers' own file systems are overlay mounts, which do not. Where /var is no file system of its own there is nothing to set."
  source   = "CIS benchmarks, filesystem partitions; mount(8), nosuid."
  severity = "medium"

  mount_option "/var" {
    options = ["nosuid"]
  }
}

rule "var-tmp-nodev" {
  title    = "/var/tmp is mounted so that device files in it have no effect"
  why      = "A device file that a user brings along would give raw access to a disk or to memory."
  breaks   = "Tools that make boot images there and put device files into them (mkinitramfs, dracut) may need TMPDIR set to another place. Where /var/tmp is no file system of its own there is nothing to set."
  source   = "CIS benchmarks, filesystem partitions; mount(8), nodev."
  severity = "medium"

  mount_option "/var/tmp" {
    options = ["nodev"]
  }
}

rule "var-tmp-nosuid" {
  title    = "/var/tmp is mounted so that set-uid programs in it have no effect"
  why      = "A set-uid program that gets there would run with its owner's rights for everybody."
  breaks   = "Nothing known starts set-uid programs there. Where /var/tmp is no file system of its own there is nothing to set."
  source   = "CIS benchmarks, filesystem partitions; mount(8), nosuid."
  severity = "medium"

  mount_option "/var/tmp" {
    options = ["nosuid"]
  }
}

rule "var-tmp-noexec" {
  title    = "/var/tmp is mounted so that programs in it do not start"
  why      = "Whoever can write there could otherwise start what was put there."
  breaks   = "dracut and mkinitramfs start programs there: they need TMPDIR set to another place. Where /var/tmp is no file system of its own there is nothing to set."
  source   = "CIS benchmarks, filesystem partitions; mount(8), noexec; dracut(8), --tmpdir."
  severity = "medium"

  mount_option "/var/tmp" {
    options = ["noexec"]
  }
}

rule "var-log-nodev" {
  title    = "/var/log is mounted so that device files in it have no effect"
  why      = "A device file that a user brings along would give raw access to a disk or to memory."
  breaks   = "Nothing: nothing makes device files there. Where /var/log is no file system of its own there is nothing to set."
  source   = "CIS benchmarks, filesystem partitions; mount(8), nodev."
  severity = "low"

  mount_option "/var/log" {
    options = ["nodev"]
  }
}

rule "var-log-nosuid" {
  title    = "/var/log is mounted so that set-uid programs in it have no effect"
  why      = "A set-uid program that gets there would run with its owner's rights for everybody."
  breaks   = "Nothing: nothing keeps programs there. Where /var/log is no file system of its own there is nothing to set."
  source   = "CIS benchmarks, filesystem partitions; mount(8), nosuid."
  severity = "low"

  mount_option "/var/log" {
    options = ["nosuid"]
  }
}

rule "var-log-noexec" {
  title    = "/var/log is mounted so that programs in it do not start"
  why      = "Whoever can write there could otherwise start what was put there."
  breaks   = "Nothing: nothing keeps programs there. Where /var/log is no file system of its own there is nothing to set."
  source   = "CIS benchmarks, filesystem partitions; mount(8), noexec."
  severity = "low"

  mount_option "/var/log" {
    options = ["noexec"]
  }
}

rule "var-log-audit-nodev" {
  title    = "/var/log/audit is mounted so that device files in it have no effect"
  why      = "A device file that a user brings along would give raw access to a disk or to memory."
  breaks   = "Nothing: nothing makes device files there. Where /var/log/audit is no file system of its own there is nothing to set."
  source   = "CIS benchmarks, filesystem partitions; mount(8), nodev."
  severity = "low"

  mount_option "/var/log/audit" {
    options = ["nodev"]
  }
}

rule "var-log-audit-nosuid" {
  title    = "/var/log/audit is mounted so that set-uid programs in it have no effect"
  why      = "A set-uid program that gets there would run with its owner's rights for everybody."
  breaks   = "Nothing: nothing keeps programs there. Where /var/log/audit is no file system of its own there is nothing to set."
  source   = "CIS benchmarks, filesystem partitions; mount(8), nosuid."
  severity = "low"

  mount_option "/var/log/audit" {
    options = ["nosuid"]
  }
}

rule "var-log-audit-noexec" {
  title    = "/var/log/audit is mounted so that programs in it do not start"
  why      = "Whoever can write there could otherwise start what was put there."
  breaks   = "Nothing: nothing keeps programs there. Where /var/log/audit is no file system of its own there is nothing to set."
  source   = "CIS benchmarks, filesystem partitions; mount(8), noexec."
  severity = "low"

  mount_option "/var/log/audit" {
    options = ["noexec"]
  }
}

rule "removable-media-nodev" {
  title    = "Removable media are mounted so that device files on them have no effect"
  why      = "What is on a medium was made on another machine, by somebody else."
  breaks   = "Nothing on a node, which has no drives: it only applies where an entry of fstab says otherwise."
  source   = "CIS benchmarks, filesystem partitions; mount(8), nodev."
  severity = "low"

  mount_class "removable" {
    options = ["nodev"]
  }
}

rule "removable-media-nosuid" {
  title    = "Removable media are mounted so that set-uid programs on them have no effect"
  why      = "What is on a medium was made on another machine, by somebody else."
  breaks   = "Nothing on a node, which has no drives: it only applies where an entry of fstab says otherwise."
  source   = "CIS benchmarks, filesystem partitions; mount(8), nosuid."
  severity = "low"

  mount_class "removable" {
    options = ["nosuid"]
  }
}

rule "removable-media-noexec" {
  title    = "Removable media are mounted so that programs on them do not start"
  why      = "What is on a medium was made on another machine, by somebody else."
  breaks   = "Programs on a medium have to be copied before they start. Nothing on a node, which has no drives: it only applies where an entry of fstab says otherwise."
  source   = "CIS benchmarks, filesystem partitions; mount(8), noexec."
  severity = "low"

  mount_class "removable" {
    options = ["noexec"]
  }
}

rule "nfs-options" {
  title    = "NFS file systems are mounted so that device files and set-uid programs on them have no effect"
  why      = "Who administers the server would otherwise have root on this machine."
  breaks   = "Set-uid programs on NFS lose their effect for what fstab mounts. Volumes of pods are mounted by the kubelet and are not meant."
  source   = "Azure security baseline for Linux; nfs(5), mount(8)."
  severity = "medium"

  mount_class "nfs" {
    options = ["nodev", "nosuid"]
  }
}
