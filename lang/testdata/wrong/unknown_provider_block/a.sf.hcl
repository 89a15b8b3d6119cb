source "postgresql" "a" {
  pools {
    size = 1
  }
}
