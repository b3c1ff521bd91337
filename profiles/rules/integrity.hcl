# AIDE. Whether it is installed is for the package rules; a node that runs workloads may not want its disks searched.

rule "aide-scheduled" {
  title    = "AIDE runs regularly"
  why      = "A database that nobody compares with finds nothing."
  breaks   = "Every comparison reads the disks, which takes time from workloads; what changes by design, such as containers' files, is reported each time unless it is left out."
  source   = "CIS benchmarks, filesystem integrity; aide(1)."
  severity = "low"

  aide "schedule" {}
}

rule "aide-audit-tools" {
  title    = "AIDE compares checksums of the audit programs"
  why      = "A changed auditctl tells what the intruder wants to be told."
  breaks   = "Upgrades of auditd are reported as changes until the database is made anew."
  source   = "CIS benchmarks, filesystem integrity; aide.conf(5)."
  severity = "medium"

  aide "audit_tools" {}
}
