root_path "root" {
}
