# Why our verdict on the lab's Azure-Linux-3.0-shaped node is not the one that AKS publishes of its image.

difference {
  controls = ["1.1.1.6", "1.2.1.1", "1.2.1.4"]
  why      = "published without a verdict, because the benchmark leaves it to a person; we collect what the person has to look at"
}

difference {
  controls = ["1.2.1.2"]
  why      = "the control is about dnf's configuration, and packages come by tdnf, which has a control of its own: published as passing, said not to apply here"
}

difference {
  controls = ["1.3.1"]
  why      = "the image leaves it to the kernel's default; the profile sets it in a file of sysctl.d, which is what the control wants"
}

difference {
  controls = ["2.2.17"]
  why      = "no mail server is installed here, so that there is nothing to ask it of: published as passing, said not to apply here"
}

difference {
  controls = ["5.1.2"]
  why      = "cronie of Azure Linux has no /etc/crontab: published as passing, said to be absent here"
}

difference {
  controls = ["6.1.1.1.2"]
  why      = "published without a verdict, because the benchmark leaves it to a person; the profile names what is wanted, so that it can be checked"
}

difference {
  controls = ["6.2"]
  why      = "published without a verdict, because the benchmark leaves it to a person; that logs are rotated is checked, and how long they are kept is shown"
}
