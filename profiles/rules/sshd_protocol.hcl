# What the ssh server speaks.

variable "ssh_ciphers" {
  description = "ciphers that sshd may offer, best first"
  default = [
    "aes256-gcm@openssh.com",
    "aes128-gcm@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
  ]
}

variable "ssh_weak_key_exchanges" {
  description = "patterns of key exchanges that sshd does not offer"
  default     = ["*-sha1", "*-sha1-*"]
}

variable "ssh_port" {
  description = "port that sshd listens on"
  default     = 22
}

rule "ssh-ciphers-strong" {
  title    = "sshd offers only strong ciphers"
  why      = "Ciphers in CBC mode leak parts of the text to who can watch and inject, and RC4 and 64-bit blocks are broken. chacha20-poly1305 is left out because of the Terrapin attack on servers and clients without strict key exchange."
  breaks   = "Clients that only know older ciphers, of before 2007 or so, cannot connect any more."
  source   = "CIS benchmarks, ssh server; sshd_config(5), Ciphers; CVE-2023-48795."
  severity = "medium"

  sshd "Ciphers" {
    allowed = var.ssh_ciphers
  }
}

rule "ssh-key-exchanges-strong" {
  title    = "sshd offers no key exchange that rests on SHA-1"
  why      = "Collisions of SHA-1 are affordable, and its oldest group is within reach of precomputation."
  breaks   = "Clients that only know such exchanges, of before 2013 or so, cannot connect any more."
  source   = "CIS benchmarks, ssh server; sshd_config(5), KexAlgorithms; RFC 9142."
  severity = "medium"

  sshd "KexAlgorithms" {
    forbidden = var.ssh_weak_key_exchanges
  }
}

rule "ssh-protocol-2" {
  title    = "sshd speaks protocol 2 only"
  why      = "The first protocol can be read and changed on the way. Since OpenSSH 7.4 there is no server for it, and the keyword does nothing."
  breaks   = "Clients that only speak the first protocol, of before 2000 or so, cannot connect any more."
  source   = "Azure security baseline for Linux; OpenSSH 7.4 release notes."
  severity = "low"

  sshd "Protocol" {
    value = "2"
  }
}

rule "ssh-port" {
  title    = "sshd listens on the agreed port"
  why      = "Firewalls, probes and people expect sshd on the agreed port; a second one is a way in that nobody watches."
  breaks   = "Whoever connects to another port is refused, Packer too where the build came in by it."
  source   = "Azure security baseline for Linux; sshd_config(5), Port."
  severity = "low"

  sshd "Port" {
    value = var.ssh_port
  }
}
