audit_rule "scope" {
  lines = ["-w /etc/sudoers -p wa -k scope"]
}
