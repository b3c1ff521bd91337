# The display manager, where one is installed. Node images have none, and then nothing here applies.

variable "screen_idle_seconds" {
  description = "most seconds without input before a screen counts as left"
  default     = 900
}

variable "screen_lock_seconds" {
  description = "most seconds between a blank screen and a locked one"
  default     = 5
}

rule "gdm-banner" {
  title = "The graphical login shows a warning"
  why   = "A warning is what allows prosecution in some jurisdictions. Source: CIS benchmarks, GNOME display manager; GNOME administrator's guide."

  gdm "org/gnome/login-screen/banner-message-enable" {
    source = "dconf"
    one_of = ["true"]
  }
  gdm "org/gnome/login-screen/banner-message-text" {
    source = "dconf"
    filled = true
  }
}

rule "gdm-user-list-off" {
  title = "The graphical login lists no users"
  why   = "The list gives whoever stands before the screen half of what a login takes. Source: CIS benchmarks, GNOME display manager."

  gdm "org/gnome/login-screen/disable-user-list" {
    source = "dconf"
    one_of = ["true"]
  }
}

rule "gdm-screen-locks" {
  title = "Screens that are left lock"
  why   = "Whoever passes by would go on in the session. Source: CIS benchmarks, GNOME display manager."

  gdm "org/gnome/desktop/session/idle-delay" {
    source = "dconf"
    max    = var.screen_idle_seconds
  }
  gdm "org/gnome/desktop/screensaver/lock-delay" {
    source = "dconf"
    max    = var.screen_lock_seconds
  }
}

rule "gdm-screen-locks-fixed" {
  title = "Users cannot keep their screens from locking"
  why   = "A setting that a user changes protects nobody. Source: CIS benchmarks, GNOME display manager; dconf(7), locks."

  gdm "org/gnome/desktop/session/idle-delay" {
    source = "dconf"
    max    = var.screen_idle_seconds
    locked = true
  }
  gdm "org/gnome/desktop/screensaver/lock-delay" {
    source = "dconf"
    max    = var.screen_lock_seconds
    locked = true
  }
}

rule "gdm-automount-off" {
  title = "Desktops mount no media by themselves"
  why   = "A stick that is plugged in would be read by the system's file system drivers at once. Source: CIS benchmarks, GNOME display manager."

  gdm "org/gnome/desktop/media-handling/automount" {
    source = "dconf"
    one_of = ["false"]
  }
  gdm "org/gnome/desktop/media-handling/automount-open" {
    source = "dconf"
    one_of = ["false"]
  }
}

rule "gdm-automount-fixed" {
  title = "Users cannot have media mounted by themselves"
  why   = "A setting that a user changes protects nobody. Source: CIS benchmarks, GNOME display manager; dconf(7), locks."

  gdm "org/gnome/desktop/media-handling/automount" {
    source = "dconf"
    one_of = ["false"]
    locked = true
  }
  gdm "org/gnome/desktop/media-handling/automount-open" {
    source = "dconf"
    one_of = ["false"]
    locked = true
  }
}

rule "gdm-autorun-off" {
  title = "Desktops start nothing from media"
  why   = "What a stick holds would run as the user. Source: CIS benchmarks, GNOME display manager."

  gdm "org/gnome/desktop/media-handling/autorun-never" {
    source = "dconf"
    one_of = ["true"]
  }
}

rule "gdm-autorun-fixed" {
  title = "Users cannot have media start programs"
  why   = "A setting that a user changes protects nobody. Source: CIS benchmarks, GNOME display manager; dconf(7), locks."

  gdm "org/gnome/desktop/media-handling/autorun-never" {
    source = "dconf"
    one_of = ["true"]
    locked = true
  }
}

rule "gdm-xdmcp-off" {
  title = "The display manager serves no remote displays"
  why   = "XDMCP sends what is typed in clear. Source: CIS benchmarks, GNOME display manager."

  gdm "xdmcp/Enable" {
    source    = "daemon"
    one_of    = ["false"]
    or_absent = true
  }
}

rule "gdm-wayland-off" {
  title = "The display manager starts sessions without Xwayland"
  why   = "Programs that speak X11 can watch each other's input in one Xwayland. Source: CIS benchmark of Ubuntu 22.04, GNOME display manager."

  gdm "daemon/WaylandEnable" {
    source = "daemon"
    one_of = ["false"]
  }
}
