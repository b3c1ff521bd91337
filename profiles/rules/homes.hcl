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
  title    = "Every account that can log in has its home directory"
  why      = "Without its home a login starts in / and writes there as far as it may."
  breaks   = "Nothing is changed: what belongs into a home is for a person to say."
  source   = "CIS benchmarks, user and group settings; pwck(8)."
  severity = "low"

  home_directory "existence" {
    exist = true
  }
}

rule "home-directories-owned" {
  title    = "Home directories belong to their account"
  why      = "Whoever owns a home owns the login: its startup files and keys are theirs to replace."
  breaks   = "The former owner loses the directory, but not the files in it. Homes that two accounts share are left alone."
  source   = "CIS benchmarks, user and group settings; sshd_config(5), StrictModes."
  severity = "high"

  home_directory "owners" {
    owned = true
  }
}

rule "home-directories-access" {
  title    = "Home directories are closed to others"
  why      = "Homes hold keys and histories."
  breaks   = "Web servers that serve from homes, and programs that pick up files there under another account, need access given on purpose."
  source   = "CIS benchmarks, user and group settings; login.defs(5), HOME_MODE."
  severity = "medium"

  home_directory "modes" {
    mode = var.home_mode
  }
}

rule "dot-files-not-writable" {
  title    = "Only their owner may write dot files"
  why      = "Shells and editors run what stands in dot files, as the account."
  breaks   = "Nothing known needs to write another account's dot files."
  source   = "CIS benchmarks, user and group settings; bash(1), FILES."
  severity = "high"

  dot_file ".*" {
    mode = "0755"
  }
}

rule "dot-files-access" {
  title    = "Dot files belong to their account, and only it may write them"
  why      = "Shells and editors run what stands in dot files, as the account; histories hold what was typed, passwords included."
  breaks   = "A dot file that is a script loses its execute bits: dot_file_mode keeps them."
  source   = "CIS benchmarks, user and group settings; bash(1), FILES."
  severity = "high"

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
  title    = "Only their owner may read .netrc files"
  why      = ".netrc files hold passwords in the clear."
  breaks   = "Nothing: programs that read the file do so as its owner."
  source   = "CIS benchmarks, user and group settings; netrc(5)."
  severity = "medium"

  dot_file ".netrc" {
    mode = "0600"
  }
}

rule "no-netrc-files" {
  title    = "Nobody has a .netrc file"
  why      = "A .netrc file holds passwords in the clear, for machines that may not be ours."
  breaks   = "Unattended transfers that used the file need another way to log in. The file is removed."
  source   = "CIS benchmarks, user and group settings; netrc(5)."
  severity = "medium"

  dot_file ".netrc" {
    state = "absent"
  }
}

rule "no-forward-files" {
  title    = "Nobody has a .forward file"
  why      = "A .forward file sends the account's mail elsewhere, root's too, or runs a program for each message."
  breaks   = "Mail that was forwarded stays on this machine. The file is removed."
  source   = "CIS benchmarks, user and group settings; Postfix's local(8), USER CONTROL OVER MAIL DELIVERY."
  severity = "medium"

  dot_file ".forward" {
    state = "absent"
  }
}

rule "no-rhosts-files" {
  title    = "Nobody has a .rhosts file"
  why      = "A .rhosts file lets accounts of other machines in without a password, wherever rsh or host-based login is on."
  breaks   = "Such logins end. The file is removed."
  source   = "CIS benchmarks, user and group settings; hosts.equiv(5)."
  severity = "high"

  dot_file ".rhosts" {
    state = "absent"
  }
}
