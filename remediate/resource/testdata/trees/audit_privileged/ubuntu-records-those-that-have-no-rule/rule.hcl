audit_privileged "programs" {}
