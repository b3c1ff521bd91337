world_writable "files" {}

world_writable "directories" {}
