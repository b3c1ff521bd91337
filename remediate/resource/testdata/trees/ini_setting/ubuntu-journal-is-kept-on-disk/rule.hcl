ini_setting "systemd/journald.conf" {
  section = "Journal"
  settings = {
    Storage      = "persistent"
    Compress     = "yes"
    SystemMaxUse = "1G"
  }
}
