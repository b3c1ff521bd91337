password_age "all of it" {
  max      = 90
  min      = 7
  warn     = 14
  inactive = 30
}
