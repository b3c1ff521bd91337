repository_signing "apt" {}
