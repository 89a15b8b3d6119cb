sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "users" {
    transform "id" { expr = "id DIV 2" }
  }
}
