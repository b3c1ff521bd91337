# The home directories of accounts that can log in, and what programs read there without being told.

variable "home_mode" {
  description = "most open mode of a home directory"
  default     = "0750"
}

variable "dot_file_mode" {
  description = "most open mode of a dot file; setting 0755 keeps scripts among them executable"
  default     = "0644"
}

rule "home-directories-exist" {
  title = "Every account that can log in has its home directory"
  why   = "Without it a login starts in / and writes there as far as it may. What belongs into a home is for a person to say. Source: CIS benchmarks, user and group settings; pwck(8)."

  home_directory "existence" {
    exist = true
  }
}

rule "home-directories-owned" {
  title = "Home directories belong to their account"
  why   = "Whoever owns a home owns the login: its startup files and keys are theirs to replace. Homes that two accounts share are left alone. Source: CIS benchmarks, user and group settings; sshd(8), StrictModes."

  home_directory "owners" {
    owned = true
  }
}

rule "home-directories-access" {
  title = "Home directories are closed to others"
  why   = "Homes hold keys and histories. Web servers that serve from homes, and programs that pick up files there, need access given on purpose. Source: CIS benchmarks, user and group settings; useradd(8), HOME_MODE."

  home_directory "modes" {
    mode = var.home_mode
  }
}

rule "dot-files-not-writable" {
  title = "Only their owner may write dot files"
  why   = "Shells and editors run what stands in them, as the account. Nothing known needs to write another account's. Source: CIS benchmarks, user and group settings; bash(1)."

  dot_file ".*" {
    mode = "0755"
  }
}

rule "dot-files-access" {
  title = "Dot files belong to their account, and only it may write them"
  why   = "Shells and editors run what stands in them, as the account; histories hold what was typed, passwords included. A dot file that is a script loses its execute bits (dot_file_mode keeps them). Source: CIS benchmarks, user and group settings; bash(1)."

  dot_file ".*" {
    mode    = var.dot_file_mode
    owned   = true
    grouped = true
  }
  dot_file ".bash_history" {
    mode = "0600"
  }
}

rule "netrc-access" {
  title = "Only their owner may read .netrc files"
  why   = "They hold passwords in the clear. Programs that read them do so as their owner. Source: CIS benchmarks, user and group settings; netrc(5)."

  dot_file ".netrc" {
    mode = "0600"
  }
}

rule "no-netrc-files" {
  title = "Nobody has a .netrc file"
  why   = "It holds passwords in the clear, for machines that may not be ours. Unattended transfers that used it need another way. Source: CIS benchmarks, user and group settings; netrc(5)."

  dot_file ".netrc" {
    state = "absent"
  }
}

rule "no-forward-files" {
  title = "Nobody has a .forward file"
  why   = "It sends the account's mail, and root's with it, elsewhere, or runs a program for each. Mail that was forwarded stays here. Source: CIS benchmarks, user and group settings; the mail servers' local delivery."

  dot_file ".forward" {
    state = "absent"
  }
}

rule "no-rhosts-files" {
  title = "Nobody has a .rhosts file"
  why   = "It lets accounts of other machines in without a password, wherever rsh or host-based login is on. Such logins end. Source: CIS benchmarks, user and group settings; hosts.equiv(5)."

  dot_file ".rhosts" {
    state = "absent"
  }
}
