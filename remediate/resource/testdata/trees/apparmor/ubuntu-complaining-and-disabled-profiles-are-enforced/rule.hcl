apparmor "profiles" {
  mode   = "enforce"
  except = ["chrome"]
}
