mount_option "/dev/shm" {
  options = ["nodev", "nosuid", "noexec"]
}
