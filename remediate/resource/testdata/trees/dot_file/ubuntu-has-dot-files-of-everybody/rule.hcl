dot_file ".*" {
  mode    = "0644"
  owned   = true
  grouped = true
}

dot_file ".netrc" {
  mode = "0600"
}

dot_file ".rhosts" {
  state = "absent"
}
