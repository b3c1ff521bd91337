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
  title = "Media are not mounted by themselves"
  why   = "Whoever plugs a disk in gets it mounted, and what is on it run. A node mounts what the kubelet asks for and nothing else; an automounter for home directories on NFS breaks without it. Source: CIS benchmarks, special purpose services; the packages' own units."

  package "autofs" {
    state = "absent"

    unless {
      units = ["autofs.service"]
      state = var.automounter
    }
  }
}

rule "avahi-not-in-use" {
  title = "The machine does not announce itself on the local network"
  why   = "mDNS tells everyone near which services run here, and listens on UDP 5353. Name lookups below .local stop working. Source: CIS benchmarks, special purpose services; the packages' own units."

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
  title = "The machine hands out no addresses"
  why   = "A DHCP server that nobody meant to run gives other machines wrong routes and name servers. DHCP clients are not touched. Source: CIS benchmarks, special purpose services; the packages' own units."

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
  title = "The machine is no name server"
  why   = "A name server has a large attack surface and can be made to amplify floods. In a cluster CoreDNS answers, from a pod. Source: CIS benchmarks, special purpose services; the packages' own units."

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
  title = "dnsmasq does not answer for DNS, DHCP or TFTP"
  why   = "It listens for three protocols at once. Tools that make networks for virtual machines start a copy of their own and lack it when the package is gone. Source: CIS benchmarks, special purpose services; the packages' own units."

  package "dnsmasq" {
    state = "absent"

    unless {
      units = ["dnsmasq.service"]
      state = var.unused_services
    }
  }
}

rule "ftp-server-not-in-use" {
  title = "No FTP server runs"
  why   = "FTP sends passwords in the clear; sftp does the same work. Source: CIS benchmarks, special purpose services; the packages' own units."

  package "vsftpd" {
    state = "absent"

    unless {
      units = ["vsftpd.service"]
      state = var.unused_services
    }
  }
}

rule "ldap-server-not-in-use" {
  title = "The machine is no directory server"
  why   = "A directory holds everybody's accounts and belongs on machines of its own. Source: CIS benchmarks, special purpose services; the packages' own units."

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
  title = "No IMAP or POP3 server runs"
  why   = "Mailboxes have no place on a node, and their servers check passwords from the network. Source: CIS benchmarks, special purpose services; the packages' own units."

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
  title = "The machine exports no files over NFS"
  why   = "An export that nobody watches gives its files to everyone who can reach it. Mounting NFS needs no server: clients and the CSI drivers work without it. Source: CIS benchmarks, special purpose services; the packages' own units."

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
  title = "The machine is no NIS server"
  why   = "NIS hands out password hashes to whoever asks. Source: CIS benchmarks, special purpose services; the packages' own units."

  package "ypserv" {
    state = "absent"

    unless {
      units = ["ypserv.service"]
      state = var.unused_services
    }
  }
}

rule "print-server-not-in-use" {
  title = "No print server runs"
  why   = "CUPS listens, parses documents and has had holes that could be used from the network. Printing from this machine stops. Source: CIS benchmarks, special purpose services; the packages' own units."

  package "cups" {
    state = "absent"

    unless {
      units = ["cups.service", "cups.socket"]
      state = var.unused_services
    }
  }
}

rule "rpcbind-not-in-use" {
  title = "Nobody can ask which RPC services run"
  why   = "rpcbind lists services to everyone, answers on port 111 and amplifies floods. NFS before version 4 needs it, as client too: mounts of version 3 fail without it. Source: CIS benchmarks, special purpose services; the packages' own units."

  package "rpcbind" {
    state = "absent"

    unless {
      units = ["rpcbind.service", "rpcbind.socket"]
      state = var.unused_services
    }
  }
}

rule "rsync-daemon-not-in-use" {
  title = "No rsync daemon runs"
  why   = "Its protocol is not encrypted. Copying with rsync over ssh needs no daemon, but the package has both on Ubuntu: removing it ends that too. Source: CIS benchmarks, special purpose services; the packages' own units."

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
  title = "No SMB server runs"
  why   = "File shares of a node are an opening that nobody needs; without a server no old SMB dialect is spoken either. Mounting SMB shares is the kernel's work and goes on. Source: CIS benchmarks, special purpose services; the packages' own units."

  package "samba" {
    state = "absent"

    unless {
      units = ["smbd.service", "smb.service", "nmbd.service", "nmb.service"]
      state = var.unused_services
    }
  }
}

rule "snmp-server-not-in-use" {
  title = "No SNMP agent runs"
  why   = "Versions 1 and 2c authenticate with a word in the clear and tell much about the machine. Monitoring that polls by SNMP stops. Source: CIS benchmarks, special purpose services; the packages' own units."

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
  title = "No TFTP server runs"
  why   = "TFTP knows no passwords at all. Machines that boot from this one over the network need it. Source: CIS benchmarks, special purpose services; the packages' own units."

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
  title = "No web proxy runs"
  why   = "An open proxy hides others' traffic behind this machine. Source: CIS benchmarks, special purpose services; the packages' own units."

  package "squid" {
    state = "absent"

    unless {
      units = ["squid.service"]
      state = var.unused_services
    }
  }
}

rule "web-server-not-in-use" {
  title = "No web server runs"
  why   = "Web servers on the host take ports and attacks that belong to pods; ingress controllers bring their own. Source: CIS benchmarks, special purpose services; the packages' own units."

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
  title = "No xinetd starts services on demand"
  why   = "It starts old, unencrypted services for whoever connects. Source: CIS benchmarks, special purpose services; the packages' own units."

  package "xinetd" {
    state = "absent"

    unless {
      units = ["xinetd.service"]
      state = var.unused_services
    }
  }
}

rule "inetd-not-in-use" {
  title = "No inetd starts services on demand"
  why   = "It starts old, unencrypted services for whoever connects. Source: CIS benchmarks, special purpose services; the packages' own units."

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
  title = "The NIS client is not installed"
  why   = "Accounts that come over NIS can be forged by anyone on the network. Source: CIS benchmarks, client services."

  package "nis" {
    state = "absent"
    dpkg  = ["nis", "ypbind-mt"]
    rpm   = ["ypbind"]
  }
}

rule "rsh-client-absent" {
  title = "rsh, rcp and rlogin are not installed"
  why   = "They send everything in the clear and trust addresses. Source: CIS benchmarks, client services."

  package "rsh-client" {
    state = "absent"
    dpkg  = ["rsh-client", "rsh-redone-client"]
    rpm   = ["rsh"]
  }
}

rule "rsh-server-absent" {
  title = "No server for rsh and rlogin is installed"
  why   = "It lets machines in by their address. Source: CIS benchmarks and Azure's Linux baseline."

  package "rsh-server" {
    state = "absent"
    dpkg  = ["rsh-server", "rsh-redone-server"]
  }
}

rule "talk-client-absent" {
  title = "talk is not installed"
  why   = "It sends what is typed in the clear and needs a server that does the same. Source: CIS benchmarks, client services."

  package "talk" {
    state = "absent"
    dpkg  = ["talk", "inetutils-talk"]
  }
}

rule "telnet-client-absent" {
  title = "The telnet client is not installed"
  why   = "Passwords typed into it cross the network in the clear. As a test of ports it is missed; nc and curl do that. On Ubuntu the metapackage ubuntu-standard, which holds no files, goes with it. Source: CIS benchmarks, client services."

  package "telnet" {
    state = "absent"
    dpkg  = ["telnet", "inetutils-telnet"]
    along = ["ubuntu-standard"]
  }
}

rule "telnet-server-absent" {
  title = "No telnet server is installed"
  why   = "It takes passwords in the clear. Source: CIS benchmarks and Azure's Linux baseline."

  package "telnetd" {
    state = "absent"
    dpkg  = ["telnetd", "telnetd-ssl", "inetutils-telnetd"]
    rpm   = ["telnet-server"]
  }
}

rule "ldap-client-absent" {
  title = "The command-line tools for LDAP are not installed"
  why   = "They are made to read out directories. Logins that use LDAP need libraries, not these tools. Source: CIS benchmarks, client services."

  package "ldap-utils" {
    state = "absent"
    rpm   = ["openldap-clients"]
  }
}

rule "ftp-client-absent" {
  title = "The FTP client is not installed"
  why   = "It sends passwords in the clear; curl and sftp remain. On Ubuntu the metapackage ubuntu-standard, which holds no files, goes with it. Source: CIS benchmarks, client services."

  package "ftp" {
    state = "absent"
    dpkg  = ["ftp", "tnftp"]
    along = ["ubuntu-standard"]
  }
}

rule "tftp-client-absent" {
  title = "The TFTP client is not installed"
  why   = "It fetches files without any check of who sends them. Source: CIS benchmarks, client services."

  package "tftp" {
    state = "absent"
    dpkg  = ["tftp", "tftp-hpa"]
  }
}

rule "x-server-absent" {
  title = "No X server is installed"
  why   = "A graphical display on a server is unused code that runs with many rights. Source: CIS benchmarks and Azure's Linux baseline."

  package "xserver" {
    state = "absent"
    dpkg  = ["xserver-common", "xserver-xorg-core"]
    rpm   = ["xorg-x11-server-common"]
  }
}

rule "gdm-absent" {
  title = "No graphical login is installed"
  why   = "It is a second way in beside ssh and the console, with settings of its own. Source: CIS benchmarks and Azure's Linux baseline."

  package "gdm" {
    state = "absent"
    dpkg  = ["gdm3"]
    along = ["gnome-shell", "gnome-session", "gnome-shell-extension-ubuntu-dock", "ubuntu-desktop", "ubuntu-desktop-minimal", "ubuntu-session"]
  }
}

rule "prelink-absent" {
  title = "Programs are not changed by prelink"
  why   = "prelink rewrites programs and libraries: address layout becomes predictable, and checks of file integrity see changes that are none. A system that has prelinked files should undo that (prelink -ua) before. Source: CIS benchmarks and Azure's Linux baseline."

  package "prelink" {
    state = "absent"
  }
}

rule "bluetooth-absent" {
  title = "Nothing for Bluetooth is installed"
  why   = "A radio that pairs is a way in that no firewall sees. Servers and virtual machines have no use for it. Source: CIS benchmarks and Azure's Linux baseline."

  package "bluez" {
    state = "absent"
  }
}

rule "isdn-absent" {
  title = "Nothing for ISDN is installed"
  why   = "Nothing on a server dials over ISDN; its tools run as root. Source: CIS benchmarks and Azure's Linux baseline."

  package "isdnutils-base" {
    state = "absent"
    rpm   = ["isdn4k-utils"]
  }
}

rule "kdump-absent" {
  title = "No crash dump of the kernel is kept"
  why   = "A dump holds all of memory, keys included. Without it a crash cannot be looked into afterwards. Source: CIS benchmarks and Azure's Linux baseline."

  package "kdump-tools" {
    state = "absent"
    rpm   = ["kexec-tools"]
  }
}

rule "readahead-absent" {
  title = "readahead is not installed"
  why   = "It opens every file that it has seen opened, with the rights of root. Source: CIS benchmarks and Azure's Linux baseline."

  package "readahead" {
    state = "absent"
    dpkg  = ["readahead-fedora"]
  }
}

rule "sendmail-absent" {
  title = "sendmail is not installed"
  why   = "A mail server on a node is one more daemon that takes input from others. Source: CIS benchmarks and Azure's Linux baseline."

  package "sendmail" {
    state = "absent"
    dpkg  = ["sendmail", "sendmail-bin"]
  }
}

rule "postfix-absent" {
  title = "postfix is not installed"
  why   = "A mail server on a node is one more daemon that takes input from others. Local mail, such as cron's, is then not delivered. Source: CIS benchmarks and Azure's Linux baseline."

  package "postfix" {
    state = "absent"
  }
}
