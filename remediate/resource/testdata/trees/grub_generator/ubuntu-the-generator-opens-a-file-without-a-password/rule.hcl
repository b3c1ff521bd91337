grub_generator "grub-mkconfig" {
  mode = "0400"
}
