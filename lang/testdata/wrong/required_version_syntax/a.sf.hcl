syncform {
  required_version = "newest"
}
