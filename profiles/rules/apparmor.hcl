# AppArmor: what programs may do, whatever their user may.

variable "apparmor_exempt_profiles" {
  description = "profiles that may stay in any mode"
  default     = []
}

rule "apparmor-enabled-at-boot" {
  title    = "The kernel starts with AppArmor"
  why      = "A kernel that was told otherwise, or that prefers another module, confines nothing, and container runtimes then leave out their profile as well."
  breaks   = "Only one of the older security modules is in force: where SELinux is wanted, waive this. It takes a reboot."
  source   = "CIS benchmarks, mandatory access control; kernel documentation, kernel-parameters, apparmor and security."
  severity = "medium"

  kernel_argument "apparmor" {
    value = "1"
  }
  kernel_argument "security" {
    value = "apparmor"
  }
}

rule "apparmor-profiles-loaded" {
  title    = "Every AppArmor profile is loaded, and enforced or complaining"
  why      = "A profile that is disabled confines nothing; one in complain mode at least logs."
  breaks   = "Programs that need the rights that a profile denies stop working once it is loaded and enforced. Profiles that allow everything by intent, of which Ubuntu 24.04 ships many for browsers and sandboxes, are left alone."
  source   = "CIS benchmarks, mandatory access control; apparmor.d(5)."
  severity = "low"

  apparmor "profiles" {
    mode   = "loaded"
    except = var.apparmor_exempt_profiles
  }
}

rule "apparmor-profiles-enforced" {
  title    = "Every AppArmor profile is enforced"
  why      = "A profile in complain mode logs what it should prevent."
  breaks   = "Workloads and add-ons that were never tried with a profile may stop, containers among them where a profile is meant for them."
  source   = "CIS benchmarks, mandatory access control; apparmor.d(5)."
  severity = "medium"

  apparmor "profiles" {
    mode   = "enforce"
    except = var.apparmor_exempt_profiles
  }
}
