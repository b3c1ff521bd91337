# Services that do not start. Whether their packages are there is for the package rules.

rule "avahi-off" {
  title    = "Avahi does not start"
  why      = "Avahi tells the network which services there are, and answers to names that anybody may claim."
  breaks   = "Names below .local are not found any more. Cloud networks carry no multicast anyway."
  source   = "CIS benchmarks, server services; Azure security baseline for Linux; avahi-daemon(8)."
  severity = "medium"

  unit "avahi-daemon.socket" {
    state  = "masked"
    active = false
  }

  unit "avahi-daemon.service" {
    state  = "masked"
    active = false
  }
}

rule "cups-off" {
  title    = "No print server starts"
  why      = "A node prints nothing, and cups has had holes that the network reaches."
  breaks   = "Printing from this machine stops. Nothing on a node prints."
  source   = "CIS benchmarks, server services; Azure security baseline for Linux; cupsd(8)."
  severity = "medium"

  unit "cups.socket" {
    state  = "masked"
    active = false
  }

  unit "cups.service" {
    state  = "masked"
    active = false
  }
}

rule "rlogin-off" {
  title    = "rlogin does not start"
  why      = "Passwords and sessions pass in the clear, and addresses are believed."
  breaks   = "Logins by rlogin end; ssh does the same work."
  source   = "CIS benchmarks, server services; Azure security baseline for Linux; hosts.equiv(5)."
  severity = "high"

  unit "rlogin.socket" {
    state  = "masked"
    active = false
  }

  unit "rlogin.service" {
    state  = "masked"
    active = false
  }
}

rule "rsh-off" {
  title    = "rsh and rcp do not start"
  why      = "rsh trusts by address and sends sessions in the clear."
  breaks   = "Logins and copies by rsh, rcp and rexec end; ssh does the same work."
  source   = "CIS benchmarks, server services; Azure security baseline for Linux; hosts.equiv(5)."
  severity = "high"

  unit "rsh.socket" {
    state  = "masked"
    active = false
  }

  unit "rsh.service" {
    state  = "masked"
    active = false
  }

  unit "rexec.socket" {
    state  = "masked"
    active = false
  }
}

rule "telnet-off" {
  title    = "telnet does not start"
  why      = "Passwords and sessions pass in the clear."
  breaks   = "Logins by telnet end; ssh does the same work."
  source   = "CIS benchmarks, server services; Azure security baseline for Linux; RFC 854."
  severity = "high"

  unit "telnet.socket" {
    state  = "masked"
    active = false
  }

  unit "telnet.service" {
    state  = "masked"
    active = false
  }
}

rule "tftp-off" {
  title    = "No TFTP server starts"
  why      = "A TFTP server hands files to whoever asks, without a password."
  breaks   = "Machines that boot from this one over the network find nothing."
  source   = "CIS benchmarks, server services; Azure security baseline for Linux; RFC 1350."
  severity = "medium"

  unit "tftp.socket" {
    state  = "masked"
    active = false
  }

  unit "tftp.service" {
    state  = "masked"
    active = false
  }

  unit "tftpd-hpa.service" {
    state  = "masked"
    active = false
  }

  unit "atftpd.service" {
    state  = "masked"
    active = false
  }
}

rule "ypbind-off" {
  title    = "No NIS client starts"
  why      = "A NIS client takes accounts from whoever answers."
  breaks   = "Accounts that come over NIS are gone."
  source   = "CIS benchmarks, client services; Azure security baseline for Linux; ypbind(8)."
  severity = "medium"

  unit "ypbind.service" {
    state  = "masked"
    active = false
  }

  unit "nis.service" {
    state  = "masked"
    active = false
  }
}

rule "nis-server-off" {
  title    = "No NIS server starts"
  why      = "A NIS server hands password hashes to whoever asks."
  breaks   = "Machines that take their accounts from this one lose them."
  source   = "CIS benchmarks, server services; Azure security baseline for Linux; ypserv(8)."
  severity = "medium"

  unit "ypserv.service" {
    state  = "masked"
    active = false
  }

  unit "yppasswdd.service" {
    state  = "masked"
    active = false
  }
}

rule "isdn-off" {
  title    = "ISDN does not start"
  why      = "A node has no such line, and the daemons run as root."
  breaks   = "Nothing on a node: a virtual machine has no ISDN card."
  source   = "Azure security baseline for Linux; isdnlog(8)."
  severity = "low"

  unit "isdn.service" {
    state  = "masked"
    active = false
  }

  unit "isdnutils.service" {
    state  = "masked"
    active = false
  }
}

rule "kdump-off" {
  title    = "kdump does not start"
  why      = "A dump of memory holds every secret of the machine."
  breaks   = "A kernel that crashes leaves nothing to look into but its last messages: turn it on where crashes are looked into."
  source   = "Azure security baseline for Linux; kernel documentation, kdump."
  severity = "medium"

  unit "kdump.service" {
    state  = "masked"
    active = false
  }

  unit "kdump-tools.service" {
    state  = "masked"
    active = false
  }
}

rule "rpc-gssd-off" {
  title    = "rpc.gssd does not start"
  why      = "Only NFS with Kerberos needs the daemon."
  breaks   = "NFS mounts with sec=krb5 fail, volumes of pods of that kind too."
  source   = "Azure security baseline for Linux; rpc.gssd(8)."
  severity = "low"

  unit "rpc-gssd.service" {
    state  = "masked"
    active = false
  }
}

rule "rpc-idmapd-off" {
  title    = "rpc.idmapd does not start"
  why      = "Only NFS 4 servers need the daemon: clients ask the kernel's own helper."
  breaks   = "An NFS 4 server shows its files as nobody's. Mounts of this machine are not affected."
  source   = "Azure security baseline for Linux; rpc.idmapd(8), nfsidmap(8)."
  severity = "low"

  unit "nfs-idmapd.service" {
    state  = "masked"
    active = false
  }

  unit "rpc-idmapd.service" {
    state  = "masked"
    active = false
  }
}

rule "rpc-svcgssd-off" {
  title    = "rpc.svcgssd does not start"
  why      = "Only NFS servers with Kerberos need the daemon."
  breaks   = "Clients of an NFS server here that log in with Kerberos are refused."
  source   = "Azure security baseline for Linux; rpc.svcgssd(8)."
  severity = "low"

  unit "rpc-svcgssd.service" {
    state  = "masked"
    active = false
  }
}

rule "rpcbind-off" {
  title    = "rpcbind does not start"
  why      = "rpcbind tells the network which RPC services there are, and has been used to flood others."
  breaks   = "NFS 3 needs it, as client too, for locks: volumes that the Azure CSI drivers mount that way may fail, and AKS waives this."
  source   = "Azure security baseline for Linux; rpcbind(8), rpc.statd(8)."
  severity = "medium"

  unit "rpcbind.socket" {
    state  = "masked"
    active = false
  }

  unit "rpcbind.service" {
    state  = "masked"
    active = false
  }
}

rule "nfs-server-off" {
  title    = "No NFS server starts"
  why      = "A node serves no files, and an export that nobody watches gives its files away."
  breaks   = "Exports of this machine end. Mounting NFS needs no server: volumes of pods go on."
  source   = "CIS benchmarks, server services; Azure security baseline for Linux; nfsd(8)."
  severity = "medium"

  unit "nfs-server.service" {
    state  = "masked"
    active = false
  }

  unit "nfs-kernel-server.service" {
    state  = "masked"
    active = false
  }
}

rule "snmp-off" {
  title    = "No SNMP server starts"
  why      = "Versions 1 and 2 pass their password in the clear."
  breaks   = "Monitoring that polls this machine by SNMP stops."
  source   = "CIS benchmarks, server services; Azure security baseline for Linux; snmpd(8)."
  severity = "medium"

  unit "snmpd.service" {
    state  = "masked"
    active = false
  }
}

rule "rsync-off" {
  title    = "No rsync server starts"
  why      = "The daemon hands out files without encryption."
  breaks   = "Copies from and to the daemon end; rsync over ssh needs no daemon and goes on."
  source   = "Azure security baseline for Linux; rsyncd.conf(5)."
  severity = "medium"

  unit "rsync.service" {
    state  = "masked"
    active = false
  }

  unit "rsyncd.service" {
    state  = "masked"
    active = false
  }

  unit "rsyncd.socket" {
    state  = "masked"
    active = false
  }
}

rule "ldap-server-off" {
  title    = "No LDAP server starts"
  why      = "A node keeps no directory."
  breaks   = "Machines that ask this directory for accounts lose them. Nothing on a node asks one of its own."
  source   = "CIS benchmarks, server services; Azure security baseline for Linux; slapd(8)."
  severity = "low"

  unit "slapd.service" {
    state  = "masked"
    active = false
  }
}

rule "named-off" {
  title    = "No DNS server starts"
  why      = "A node serves no zones; the cluster's DNS runs in pods."
  breaks   = "Machines that ask this name server get no answer. Lookups of this machine go elsewhere unless it asked itself."
  source   = "CIS benchmarks, server services; Azure security baseline for Linux; named(8)."
  severity = "low"

  unit "named.service" {
    state  = "masked"
    active = false
  }

  unit "bind9.service" {
    state  = "masked"
    active = false
  }
}

rule "dovecot-off" {
  title    = "No mailbox server starts"
  why      = "A node keeps no mailboxes."
  breaks   = "Mail that is kept here cannot be read over the network."
  source   = "CIS benchmarks, server services; Azure security baseline for Linux; dovecot(1)."
  severity = "low"

  unit "dovecot.socket" {
    state  = "masked"
    active = false
  }

  unit "dovecot.service" {
    state  = "masked"
    active = false
  }
}
