source "postgresql" "a" {
  credentials = {}
}
