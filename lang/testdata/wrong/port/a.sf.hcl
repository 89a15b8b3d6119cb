source "postgresql" "a" {
  port = 65536
  ssl  = "require"
}
