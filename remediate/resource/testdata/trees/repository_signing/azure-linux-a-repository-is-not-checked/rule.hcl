repository_signing "tdnf" {}

repository_signing "dnf" {
  metadata = true
}
