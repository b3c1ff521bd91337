log_files "/var/log" {
  mode   = "0640"
  owners = ["root", "syslog"]
  groups = ["root", "adm"]

  except {
    names  = ["wtmp", "wtmp.*", "btmp", "lastlog"]
    mode   = "0664"
    owners = ["root"]
    groups = ["root", "utmp"]
  }
  except {
    names  = ["*.journal"]
    mode   = "0640"
    owners = ["root"]
    groups = ["root", "systemd-journal"]
  }
}
