# Services that a server has no use for, and old clients: what is installed, and what may run.

variable "unused_services" {
  description = "how far off a service that nobody needs has to be: \"disabled\" or \"masked\" when its package stays, or \"absent\" when the package has to go"
  default     = "disabled"
}

variable "nfs_server" {
  description = "the same for the NFS server: some platforms' package has client and server in one"
  default     = "disabled"
}

variable "rsync_daemon" {
  description = "the same for the rsync daemon: some platforms' package has the rsync command too"
  default     = "disabled"
}

variable "snmp_server" {
  description = "the same for the SNMP agent"
  default     = "disabled"
}

variable "automounter" {
  description = "the same for the automounter"
  default     = "disabled"
}

rule "autofs-not-in-use" {
  title    = "Media are not mounted by themselves"
  why      = "Whoever plugs a disk in gets it mounted, and a node mounts what the kubelet asks for and nothing else."
  breaks   = "Home directories and shares that autofs mounts over the network are not there any more."
  source   = "CIS benchmarks, server services; automount(8)."
  severity = "low"

  package "autofs" {
    state = "absent"

    unless {
      units = ["autofs.service"]
      state = var.automounter
    }
  }
}

rule "avahi-not-in-use" {
  title    = "The machine does not announce itself on the local network"
  why      = "mDNS tells everyone near which services run here, and listens on UDP 5353."
  breaks   = "Names below .local are not found any more. Cloud networks carry no multicast anyway."
  source   = "CIS benchmarks, server services; avahi-daemon(8)."
  severity = "medium"

  package "avahi-daemon" {
    state = "absent"
    rpm   = ["avahi"]

    unless {
      units = ["avahi-daemon.service", "avahi-daemon.socket"]
      state = var.unused_services
    }
  }
}

rule "dhcp-server-not-in-use" {
  title    = "The machine hands out no addresses"
  why      = "A DHCP server that nobody meant to run gives other machines wrong routes and name servers."
  breaks   = "Machines that get their address from this one lose it when it expires. DHCP clients are not touched."
  source   = "CIS benchmarks, server services; dhcpd(8)."
  severity = "low"

  package "isc-dhcp-server" {
    state = "absent"
    dpkg  = ["isc-dhcp-server", "kea-dhcp4-server", "kea-dhcp6-server"]
    rpm   = ["dhcp-server"]

    unless {
      units = ["isc-dhcp-server.service", "isc-dhcp-server6.service", "kea-dhcp4-server.service", "kea-dhcp6-server.service", "dhcpd.service", "dhcpd6.service"]
      state = var.unused_services
    }
  }
}

rule "dns-server-not-in-use" {
  title    = "The machine is no name server"
  why      = "A name server has a large attack surface and can be made to amplify floods."
  breaks   = "Machines that ask this one get no answer. In a cluster CoreDNS answers, from a pod, and a local cache for nodes runs in one too."
  source   = "CIS benchmarks, server services; named(8)."
  severity = "medium"

  package "bind9" {
    state = "absent"
    rpm   = ["bind"]

    unless {
      units = ["named.service", "bind9.service"]
      state = var.unused_services
    }
  }
}

rule "dnsmasq-not-in-use" {
  title    = "dnsmasq does not answer for DNS, DHCP or TFTP"
  why      = "dnsmasq listens for three protocols at once."
  breaks   = "Machines that ask this one for names or addresses get no answer, and tools that make networks for virtual machines lack the program when the package is gone."
  source   = "CIS benchmarks, server services; dnsmasq(8)."
  severity = "medium"

  package "dnsmasq" {
    state = "absent"

    unless {
      units = ["dnsmasq.service"]
      state = var.unused_services
    }
  }
}

rule "ftp-server-not-in-use" {
  title    = "No FTP server runs"
  why      = "FTP sends passwords in the clear; sftp does the same work."
  breaks   = "Transfers by FTP to this machine end."
  source   = "CIS benchmarks, server services; vsftpd(8)."
  severity = "medium"

  package "vsftpd" {
    state = "absent"

    unless {
      units = ["vsftpd.service"]
      state = var.unused_services
    }
  }
}

rule "ldap-server-not-in-use" {
  title    = "The machine is no directory server"
  why      = "A directory holds everybody's accounts and belongs on machines of its own."
  breaks   = "Machines that ask this directory for accounts lose them."
  source   = "CIS benchmarks, server services; slapd(8)."
  severity = "low"

  package "slapd" {
    state = "absent"
    rpm   = ["openldap-servers"]

    unless {
      units = ["slapd.service"]
      state = var.unused_services
    }
  }
}

rule "mail-access-server-not-in-use" {
  title    = "No IMAP or POP3 server runs"
  why      = "Mailboxes have no place on a node, and their servers check passwords from the network."
  breaks   = "Mail that is kept here cannot be read over the network."
  source   = "CIS benchmarks, server services; dovecot(1)."
  severity = "medium"

  package "dovecot" {
    state = "absent"
    dpkg  = ["dovecot-core", "dovecot-imapd", "dovecot-pop3d"]
    rpm   = ["dovecot", "cyrus-imapd"]

    unless {
      units = ["dovecot.service", "dovecot.socket", "cyrus-imapd.service"]
      state = var.unused_services
    }
  }
}

rule "nfs-server-not-in-use" {
  title    = "The machine exports no files over NFS"
  why      = "An export that nobody watches gives its files to everyone who can reach it."
  breaks   = "Exports of this machine end. Mounting NFS needs no server; but where one package holds both (Azure Linux), removing it ends mounts, volumes of the CSI drivers too: nfs_server says how far to go."
  source   = "CIS benchmarks, server services; nfsd(8), exports(5)."
  severity = "medium"

  package "nfs-kernel-server" {
    state = "absent"
    rpm   = ["nfs-utils"]

    unless {
      units = ["nfs-server.service"]
      state = var.nfs_server
    }
  }
}

rule "nis-server-not-in-use" {
  title    = "The machine is no NIS server"
  why      = "NIS hands out password hashes to whoever asks."
  breaks   = "Machines that take their accounts from this one lose them."
  source   = "CIS benchmarks, server services; ypserv(8)."
  severity = "medium"

  package "ypserv" {
    state = "absent"

    unless {
      units = ["ypserv.service", "yppasswdd.service"]
      state = var.unused_services
    }
  }
}

rule "print-server-not-in-use" {
  title    = "No print server runs"
  why      = "CUPS listens, parses documents and has had holes that could be used from the network."
  breaks   = "Printing from this machine stops. Nothing on a node prints."
  source   = "CIS benchmarks, server services; cupsd(8)."
  severity = "medium"

  package "cups" {
    state = "absent"

    unless {
      units = ["cups.service", "cups.socket"]
      state = var.unused_services
    }
  }
}

rule "rpcbind-not-in-use" {
  title    = "Nobody can ask which RPC services run"
  why      = "rpcbind lists services to everyone, answers on port 111 and amplifies floods."
  breaks   = "NFS 3 needs it, as client too, for locks: volumes that the Azure CSI drivers mount that way may fail, and AKS waives this."
  source   = "CIS benchmarks, server services; rpcbind(8), rpc.statd(8)."
  severity = "medium"

  package "rpcbind" {
    state = "absent"

    unless {
      units = ["rpcbind.service", "rpcbind.socket"]
      state = var.unused_services
    }
  }
}

rule "rsync-daemon-not-in-use" {
  title    = "No rsync daemon runs"
  why      = "The protocol of the daemon is not encrypted."
  breaks   = "Copies from and to the daemon end. Copying over ssh needs no daemon, but Ubuntu's package has both: removing it ends that too, and rsync_daemon says how far to go."
  source   = "CIS benchmarks, server services; rsyncd.conf(5)."
  severity = "low"

  package "rsync" {
    state = "absent"
    rpm   = ["rsync-daemon"]

    unless {
      units = ["rsync.service", "rsyncd.service", "rsyncd.socket"]
      state = var.rsync_daemon
    }
  }
}

rule "samba-server-not-in-use" {
  title    = "No SMB server runs"
  why      = "File shares of a node are an opening that nobody needs; without a server no old SMB dialect is spoken either."
  breaks   = "Shares of this machine end. Mounting SMB shares is the kernel's work: volumes of pods go on."
  source   = "CIS benchmarks, server services; smbd(8)."
  severity = "medium"

  package "samba" {
    state = "absent"

    unless {
      units = ["smbd.service", "smb.service", "nmbd.service", "nmb.service"]
      state = var.unused_services
    }
  }
}

rule "snmp-server-not-in-use" {
  title    = "No SNMP agent runs"
  why      = "Versions 1 and 2c authenticate with a word in the clear and tell much about the machine."
  breaks   = "Monitoring that polls this machine by SNMP stops."
  source   = "CIS benchmarks, server services; snmpd(8)."
  severity = "medium"

  package "snmpd" {
    state = "absent"
    rpm   = ["net-snmp"]

    unless {
      units = ["snmpd.service"]
      state = var.snmp_server
    }
  }
}

rule "tftp-server-not-in-use" {
  title    = "No TFTP server runs"
  why      = "TFTP knows no passwords at all."
  breaks   = "Machines that boot from this one over the network find nothing."
  source   = "CIS benchmarks, server services; RFC 1350."
  severity = "medium"

  package "tftpd" {
    state = "absent"
    dpkg  = ["tftpd-hpa", "tftpd", "atftpd"]
    rpm   = ["tftp-server"]

    unless {
      units = ["tftpd-hpa.service", "tftp.socket", "tftp.service", "atftpd.service", "atftpd.socket"]
      state = var.unused_services
    }
  }
}

rule "web-proxy-not-in-use" {
  title    = "No web proxy runs"
  why      = "An open proxy hides others' traffic behind this machine."
  breaks   = "Machines that reach the web through this one cannot any more."
  source   = "CIS benchmarks, server services; squid(8)."
  severity = "low"

  package "squid" {
    state = "absent"

    unless {
      units = ["squid.service"]
      state = var.unused_services
    }
  }
}

rule "web-server-not-in-use" {
  title    = "No web server runs"
  why      = "Web servers on the host take ports and attacks that belong to pods."
  breaks   = "What such a server serves is gone, load balancers and status pages on the host too. Ingress controllers bring their own in pods."
  source   = "CIS benchmarks, server services; nginx(8), httpd(8)."
  severity = "low"

  package "web-server" {
    state = "absent"
    dpkg  = ["apache2", "nginx"]
    rpm   = ["httpd", "nginx"]

    unless {
      units = ["apache2.service", "apache2.socket", "nginx.service", "httpd.service", "httpd.socket"]
      state = var.unused_services
    }
  }
}

rule "xinetd-not-in-use" {
  title    = "No xinetd starts services on demand"
  why      = "xinetd starts old, unencrypted services for whoever connects."
  breaks   = "Services that it starts cannot be reached."
  source   = "CIS benchmarks, server services; xinetd(8)."
  severity = "medium"

  package "xinetd" {
    state = "absent"

    unless {
      units = ["xinetd.service"]
      state = var.unused_services
    }
  }
}

rule "inetd-not-in-use" {
  title    = "No inetd starts services on demand"
  why      = "inetd starts old, unencrypted services for whoever connects."
  breaks   = "Services that it starts cannot be reached."
  source   = "Azure security baseline for Linux; inetd(8)."
  severity = "medium"

  package "inetd" {
    state = "absent"
    dpkg  = ["openbsd-inetd", "inetutils-inetd"]

    unless {
      units = ["inetd.service", "openbsd-inetd.service", "inetutils-inetd.service"]
      state = var.unused_services
    }
  }
}

rule "nis-client-absent" {
  title    = "The NIS client is not installed"
  why      = "Accounts that come over NIS can be forged by anyone on the network."
  breaks   = "Accounts that come over NIS are gone."
  source   = "CIS benchmarks, client services; ypbind(8)."
  severity = "medium"

  package "nis" {
    state = "absent"
    dpkg  = ["nis", "ypbind-mt"]
    rpm   = ["ypbind"]
  }
}

rule "rsh-client-absent" {
  title    = "rsh, rcp and rlogin are not installed"
  why      = "rsh, rcp and rlogin send everything in the clear and trust addresses."
  breaks   = "Scripts that call rsh fail; ssh does the same work."
  source   = "CIS benchmarks, client services; hosts.equiv(5)."
  severity = "low"

  package "rsh-client" {
    state = "absent"
    dpkg  = ["rsh-client", "rsh-redone-client"]
    rpm   = ["rsh"]
  }
}

rule "rsh-server-absent" {
  title    = "No server for rsh and rlogin is installed"
  why      = "The server lets machines in by their address."
  breaks   = "Logins by rsh and rlogin end; ssh does the same work."
  source   = "Azure security baseline for Linux; hosts.equiv(5)."
  severity = "high"

  package "rsh-server" {
    state = "absent"
    dpkg  = ["rsh-server", "rsh-redone-server"]
  }
}

rule "talk-client-absent" {
  title    = "talk is not installed"
  why      = "talk sends what is typed in the clear and needs a server that does the same."
  breaks   = "Nothing: nobody writes to people on a node that way."
  source   = "CIS benchmarks, client services; talk(1)."
  severity = "low"

  package "talk" {
    state = "absent"
    dpkg  = ["talk", "inetutils-talk"]
  }
}

rule "telnet-client-absent" {
  title    = "The telnet client is not installed"
  why      = "Passwords typed into telnet cross the network in the clear."
  breaks   = "It is missed as a test of ports; nc and curl do that. On Ubuntu the metapackage ubuntu-standard, which holds no files, goes with it."
  source   = "CIS benchmarks, client services; telnet(1)."
  severity = "low"

  package "telnet" {
    state = "absent"
    dpkg  = ["telnet", "inetutils-telnet"]
    along = ["ubuntu-standard"]
  }
}

rule "telnet-server-absent" {
  title    = "No telnet server is installed"
  why      = "A telnet server takes passwords in the clear."
  breaks   = "Logins by telnet end; ssh does the same work."
  source   = "CIS benchmarks, server services; Azure security baseline for Linux; RFC 854."
  severity = "high"

  package "telnetd" {
    state = "absent"
    dpkg  = ["telnetd", "telnetd-ssl", "inetutils-telnetd"]
    rpm   = ["telnet-server"]
  }
}

rule "ldap-client-absent" {
  title    = "The command-line tools for LDAP are not installed"
  why      = "The command-line tools are made to read out directories."
  breaks   = "Scripts that call ldapsearch fail. Logins that use LDAP need libraries, not these tools."
  source   = "CIS benchmarks, client services; ldapsearch(1)."
  severity = "low"

  package "ldap-utils" {
    state = "absent"
    rpm   = ["openldap-clients"]
  }
}

rule "ftp-client-absent" {
  title    = "The FTP client is not installed"
  why      = "FTP sends passwords in the clear."
  breaks   = "Scripts that call ftp fail; curl and sftp remain. On Ubuntu the metapackage ubuntu-standard, which holds no files, goes with it."
  source   = "CIS benchmarks, client services; ftp(1)."
  severity = "low"

  package "ftp" {
    state = "absent"
    dpkg  = ["ftp", "tnftp"]
    along = ["ubuntu-standard"]
  }
}

rule "tftp-client-absent" {
  title    = "The TFTP client is not installed"
  why      = "TFTP fetches files without any check of who sends them."
  breaks   = "Scripts that call tftp fail; curl knows the protocol too."
  source   = "CIS benchmarks, client services; tftp(1)."
  severity = "low"

  package "tftp" {
    state = "absent"
    dpkg  = ["tftp", "tftp-hpa"]
  }
}

rule "x-server-absent" {
  title    = "No X server is installed"
  why      = "A graphical display on a server is unused code that runs with many rights."
  breaks   = "Graphical programs have no display. Nothing on a node has one."
  source   = "CIS benchmarks, server services; Xorg(1)."
  severity = "medium"

  package "xserver" {
    state = "absent"
    dpkg  = ["xserver-common", "xserver-xorg-core"]
    rpm   = ["xorg-x11-server-common"]
  }
}

rule "gdm-absent" {
  title    = "No graphical login is installed"
  why      = "A graphical login is a second way in beside ssh and the console, with settings of its own."
  breaks   = "Nobody can log in at a screen with a desktop; the desktop's packages go too. Nothing on a node has one."
  source   = "CIS benchmarks, GNOME display manager; GDM reference manual."
  severity = "low"

  package "gdm" {
    state = "absent"
    dpkg  = ["gdm3"]
    along = ["gnome-shell", "gnome-session", "gnome-shell-extension-ubuntu-dock", "ubuntu-desktop", "ubuntu-desktop-minimal", "ubuntu-session"]
  }
}

rule "prelink-absent" {
  title    = "Programs are not changed by prelink"
  why      = "prelink rewrites programs and libraries: address layout becomes predictable, and checks of file integrity see changes that are none."
  breaks   = "Nothing, once files that were prelinked are put back (prelink -ua) before the package goes."
  source   = "CIS benchmarks, process hardening; prelink(8)."
  severity = "medium"

  package "prelink" {
    state = "absent"
  }
}

rule "bluetooth-absent" {
  title    = "Nothing for Bluetooth is installed"
  why      = "A radio that pairs is a way in that no firewall sees."
  breaks   = "Bluetooth devices stop working. Servers and virtual machines have none."
  source   = "Azure security baseline for Linux; bluetoothd(8)."
  severity = "low"

  package "bluez" {
    state = "absent"
  }
}

rule "isdn-absent" {
  title    = "Nothing for ISDN is installed"
  why      = "Nothing on a server dials over ISDN, and its tools run as root."
  breaks   = "Nothing on a node: a virtual machine has no ISDN card."
  source   = "Azure security baseline for Linux; isdnlog(8)."
  severity = "low"

  package "isdnutils-base" {
    state = "absent"
    rpm   = ["isdn4k-utils"]
  }
}

rule "kdump-absent" {
  title    = "No crash dump of the kernel is kept"
  why      = "A dump of the kernel holds all of memory, keys included."
  breaks   = "A kernel that crashes leaves nothing to look into afterwards. On Azure Linux the package also holds kexec, for fast reboots."
  source   = "Azure security baseline for Linux; kernel documentation, kdump."
  severity = "medium"

  package "kdump-tools" {
    state = "absent"
    rpm   = ["kexec-tools"]
  }
}

rule "readahead-absent" {
  title    = "readahead is not installed"
  why      = "readahead opens every file that it has seen opened, with the rights of root."
  breaks   = "Nothing: systemd dropped the idea, and disks of virtual machines gain nothing by it."
  source   = "Azure security baseline for Linux; systemd release notes, version 217."
  severity = "low"

  package "readahead" {
    state = "absent"
    dpkg  = ["readahead-fedora"]
  }
}

rule "sendmail-absent" {
  title    = "sendmail is not installed"
  why      = "A mail server on a node is one more daemon that takes input from others."
  breaks   = "Local mail, such as cron's, is not delivered, and programs that call sendmail fail unless another package brings it."
  source   = "Azure security baseline for Linux; sendmail(8)."
  severity = "medium"

  package "sendmail" {
    state = "absent"
    dpkg  = ["sendmail", "sendmail-bin"]
  }
}

rule "postfix-absent" {
  title    = "postfix is not installed"
  why      = "A mail server on a node is one more daemon that takes input from others."
  breaks   = "Local mail, such as cron's, is not delivered, and programs that call sendmail fail unless another package brings it."
  source   = "Azure security baseline for Linux; postfix(1)."
  severity = "medium"

  package "postfix" {
    state = "absent"
  }
}
