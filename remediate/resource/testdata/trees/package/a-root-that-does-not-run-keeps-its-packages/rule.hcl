package "telnet" {
  state = "absent"
}

package "rsyslog" {
  state = "installed"
}

package "sudo" {
  state = "installed"
}
