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
  title    = "The graphical login shows a warning"
  why      = "A warning is what allows prosecution in some jurisdictions."
  breaks   = "Nothing on a node: node images have no graphical login."
  source   = "CIS benchmarks, GNOME display manager; GNOME system administration guide, login screen."
  severity = "low"

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
  title    = "The graphical login lists no users"
  why      = "The list gives whoever stands before the screen half of what a login takes."
  breaks   = "Users type their name. Nothing on a node: node images have no graphical login."
  source   = "CIS benchmarks, GNOME display manager; GNOME system administration guide, login screen."
  severity = "low"

  gdm "org/gnome/login-screen/disable-user-list" {
    source = "dconf"
    one_of = ["true"]
  }
}

rule "gdm-screen-locks" {
  title    = "Screens that are left lock"
  why      = "Whoever passes by an open screen would go on in the session."
  breaks   = "Users type their password again. Nothing on a node: node images have no desktop."
  source   = "CIS benchmarks, GNOME display manager; GNOME system administration guide, screen lock."
  severity = "medium"

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
  title    = "Users cannot keep their screens from locking"
  why      = "A setting that a user changes protects nobody."
  breaks   = "Users cannot turn the lock off for a while. Nothing on a node: node images have no desktop."
  source   = "CIS benchmarks, GNOME display manager; dconf(7), locks."
  severity = "low"

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
  title    = "Desktops mount no media by themselves"
  why      = "A stick that is plugged in would be read by the system's file system drivers at once."
  breaks   = "Users mount media by hand. Nothing on a node: node images have no desktop."
  source   = "CIS benchmarks, GNOME display manager; GNOME system administration guide, removable media."
  severity = "medium"

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
  title    = "Users cannot have media mounted by themselves"
  why      = "A setting that a user changes protects nobody."
  breaks   = "Users mount media by hand. Nothing on a node: node images have no desktop."
  source   = "CIS benchmarks, GNOME display manager; dconf(7), locks."
  severity = "low"

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
  title    = "Desktops start nothing from media"
  why      = "What a stick holds would run as the user."
  breaks   = "Users start programs of media by hand. Nothing on a node: node images have no desktop."
  source   = "CIS benchmarks, GNOME display manager; GNOME system administration guide, removable media."
  severity = "medium"

  gdm "org/gnome/desktop/media-handling/autorun-never" {
    source = "dconf"
    one_of = ["true"]
  }
}

rule "gdm-autorun-fixed" {
  title    = "Users cannot have media start programs"
  why      = "A setting that a user changes protects nobody."
  breaks   = "Users start programs of media by hand. Nothing on a node: node images have no desktop."
  source   = "CIS benchmarks, GNOME display manager; dconf(7), locks."
  severity = "low"

  gdm "org/gnome/desktop/media-handling/autorun-never" {
    source = "dconf"
    one_of = ["true"]
    locked = true
  }
}

rule "gdm-xdmcp-off" {
  title    = "The display manager serves no remote displays"
  why      = "XDMCP sends what is typed in clear."
  breaks   = "Terminals that show this machine's login screen from afar lose it. Nothing on a node."
  source   = "CIS benchmarks, GNOME display manager; GDM reference manual, xdmcp section."
  severity = "medium"

  gdm "xdmcp/Enable" {
    source    = "daemon"
    one_of    = ["false"]
    or_absent = true
  }
}

rule "gdm-wayland-off" {
  title    = "The display manager starts sessions without Xwayland"
  why      = "Programs that speak X11 can watch each other's input in one Xwayland."
  breaks   = "Sessions run on Xorg, where every program can watch every other: the benchmark trades one exposure for another. Nothing on a node."
  source   = "CIS benchmark of Ubuntu 22.04, GNOME display manager; GDM reference manual, WaylandEnable."
  severity = "low"

  gdm "daemon/WaylandEnable" {
    source = "daemon"
    one_of = ["false"]
  }
}
