source "postgresql" "a" {
  port    = "x"
  schemas = "public"
  options = [1]
  host    = {}
  pool {
    size = "big"
    toke = 1
  }
}
