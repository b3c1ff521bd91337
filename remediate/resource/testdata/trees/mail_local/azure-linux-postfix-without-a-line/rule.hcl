mail_local "postfix" {}
