# Services that do not start. Whether their packages are there is for the package rules.

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
