# For the integrations portal: https://github.com/hashicorp/integration-template
integration {
  name        = "Harden"
  description = "Hardens Ubuntu and Azure Linux images to CIS benchmarks, and attests them."
  identifier  = "packer/nodeimage/harden"
  flags       = []

  docs {
    process_docs    = true
    readme_location = "./README.md"
    external_url    = "https://github.com/nodeimage/packer-plugin-harden"
  }

  license {
    type = "MPL-2.0"
    url  = "https://github.com/nodeimage/packer-plugin-harden/blob/main/LICENSE"
  }

  component {
    type = "provisioner"
    name = "Harden"
    slug = "harden"
  }

  component {
    type = "provisioner"
    name = "Harden attest"
    slug = "harden-attest"
  }

  component {
    type = "post-processor"
    name = "Harden attestation"
    slug = "harden-attestation"
  }
}
