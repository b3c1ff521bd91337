ini_setting "systemd/coredump.conf" {
  section = "Coredump"
  settings = {
    Storage        = "none"
    ProcessSizeMax = "0"
  }
}
