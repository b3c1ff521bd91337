ini_setting "systemd/journal-upload.conf" {
  section = "Upload"
  settings = {
    URL           = "https://logs.example:19532"
    ServerKeyFile = "/etc/ssl/private/journal-upload.pem"
  }
}
