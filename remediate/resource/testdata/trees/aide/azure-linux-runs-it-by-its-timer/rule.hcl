aide "schedule" {}
