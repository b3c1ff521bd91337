world_writable "directories" {}
