aide "audit_tools" {}
