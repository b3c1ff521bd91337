# Services that do not start. Whether their packages are there is for the package rules.

rule "avahi-off" {
  title = "Avahi does not start"
  why   = "It tells the network which services there are, and answers to names that anybody may claim. Source: CIS benchmarks, services; Azure security baseline for Linux."

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
  title = "No print server starts"
  why   = "A node prints nothing, and cups has had holes that the network reaches. Source: CIS benchmarks, services; Azure security baseline for Linux."

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
  title = "rlogin does not start"
  why   = "Passwords and sessions pass in the clear. Source: CIS benchmarks, services; Azure security baseline for Linux."

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
  title = "rsh and rcp do not start"
  why   = "Trust by address and sessions in the clear. Source: CIS benchmarks, services; Azure security baseline for Linux."

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
  title = "telnet does not start"
  why   = "Passwords and sessions pass in the clear. Source: CIS benchmarks, services; Azure security baseline for Linux."

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
  title = "No TFTP server starts"
  why   = "It hands files to whoever asks, without a password. Source: CIS benchmarks, services; Azure security baseline for Linux."

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
  title = "No NIS client starts"
  why   = "It takes accounts from whoever answers. Source: CIS benchmarks, services; Azure security baseline for Linux."

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
  title = "No NIS server starts"
  why   = "It hands password hashes to whoever asks. Source: CIS benchmarks, services; Azure security baseline for Linux."

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
  title = "ISDN does not start"
  why   = "A node has no such line. Source: CIS benchmarks, services; Azure security baseline for Linux."

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
  title = "kdump does not start"
  why   = "A dump of memory holds every secret of the machine. Turn it on where crashes are looked into. Source: CIS benchmarks, services; Azure security baseline for Linux."

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
  title = "rpc.gssd does not start"
  why   = "Only NFS with Kerberos needs it. Source: CIS benchmarks, services; Azure security baseline for Linux."

  unit "rpc-gssd.service" {
    state  = "masked"
    active = false
  }
}

rule "rpc-idmapd-off" {
  title = "rpc.idmapd does not start"
  why   = "Only NFS 4 servers need it. Source: CIS benchmarks, services; Azure security baseline for Linux."

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
  title = "rpc.svcgssd does not start"
  why   = "Only NFS servers with Kerberos need it. Source: CIS benchmarks, services; Azure security baseline for Linux."

  unit "rpc-svcgssd.service" {
    state  = "masked"
    active = false
  }
}

rule "rpcbind-off" {
  title = "rpcbind does not start"
  why   = "It tells the network which RPC services there are, and has been used to flood others. NFS 3, and with it the Azure Files CSI driver, needs it: AKS waives this. Source: CIS benchmarks, services; Azure security baseline for Linux."

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
  title = "No NFS server starts"
  why   = "A node serves no files. Source: CIS benchmarks, services; Azure security baseline for Linux."

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
  title = "No SNMP server starts"
  why   = "Versions 1 and 2 pass their password in the clear. Source: CIS benchmarks, services; Azure security baseline for Linux."

  unit "snmpd.service" {
    state  = "masked"
    active = false
  }
}

rule "rsync-off" {
  title = "No rsync server starts"
  why   = "It hands out files without encryption. Source: CIS benchmarks, services; Azure security baseline for Linux."

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
  title = "No LDAP server starts"
  why   = "A node keeps no directory. Source: CIS benchmarks, services; Azure security baseline for Linux."

  unit "slapd.service" {
    state  = "masked"
    active = false
  }
}

rule "named-off" {
  title = "No DNS server starts"
  why   = "A node serves no zones; the cluster's DNS runs in pods. Source: CIS benchmarks, services; Azure security baseline for Linux."

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
  title = "No mailbox server starts"
  why   = "A node keeps no mailboxes. Source: CIS benchmarks, services; Azure security baseline for Linux."

  unit "dovecot.socket" {
    state  = "masked"
    active = false
  }

  unit "dovecot.service" {
    state  = "masked"
    active = false
  }
}
