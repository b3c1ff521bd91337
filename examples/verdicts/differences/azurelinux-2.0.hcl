# Why our verdict on the lab's Azure-Linux-2.0-shaped node is not the one that AKS publishes of its image.

difference {
  controls = ["1.2.1"]
  why      = "the control is about dnf's configuration, and packages come by tdnf, which has a control of its own: published as passing, said not to apply here"
}

difference {
  controls = ["2.2.17"]
  why      = "no mail server is installed here, so that there is nothing to ask it of: published as passing, said not to apply here"
}

difference {
  controls = ["4.2"]
  why      = "that logs are rotated is checked and passes; whether they are kept as long as the site wants is for a person, with what is configured as evidence"
}

difference {
  controls = ["5.1.2"]
  why      = "cronie of Azure Linux has no /etc/crontab: published as passing, said to be absent here"
}
