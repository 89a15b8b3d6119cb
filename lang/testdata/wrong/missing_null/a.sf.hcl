source "sqlite" "a" {
  path = null
}
