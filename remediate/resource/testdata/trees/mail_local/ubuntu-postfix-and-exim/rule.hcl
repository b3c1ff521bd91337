mail_local "any" {}
