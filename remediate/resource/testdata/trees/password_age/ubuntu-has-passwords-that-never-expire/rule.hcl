password_age "expiry" {
  max    = 90
  except = ["root"]
}

password_age "earliest change" {
  min = 7
}

password_age "inactivity" {
  inactive = 30
}
