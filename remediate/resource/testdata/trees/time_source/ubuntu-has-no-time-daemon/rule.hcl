time_source "any" {}
