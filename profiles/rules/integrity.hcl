# AIDE. Whether it is installed is for the package rules; a node that runs workloads may not want its disks searched.

rule "aide-scheduled" {
  title = "AIDE runs regularly"
  why   = "A database that nobody compares with finds nothing. Searching the disks takes time from workloads. Source: CIS benchmarks, filesystem integrity; aide(1)."

  aide "schedule" {}
}

rule "aide-audit-tools" {
  title = "AIDE compares checksums of the audit programs"
  why   = "A changed auditctl tells what the intruder wants to be told. Source: CIS benchmarks, filesystem integrity; aide.conf(5)."

  aide "audit_tools" {}
}
