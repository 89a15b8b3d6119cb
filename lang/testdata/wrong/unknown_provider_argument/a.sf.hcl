source "postgresql" "a" {
  hots = "a"
}
