package_sources "repositories" {
  allow = ["deb http://archive.ubuntu.com/ubuntu/ *"]
}
