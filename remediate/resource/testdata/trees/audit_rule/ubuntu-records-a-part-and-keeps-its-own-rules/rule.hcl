audit_rule "identity" {
  lines = ["-w /etc/passwd -p wa -k identity", "-w /etc/shadow -p wa -k identity"]
}

audit_rule "mounts" {
  lines = [
    "-a always,exit -F arch=b64 -S mount -F auid>=1000 -F auid!=unset -k mounts",
    "-a always,exit -F arch=b32 -S mount -F auid>=1000 -F auid!=unset -k mounts",
  ]
}
