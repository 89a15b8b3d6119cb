sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "users" {
    key = ["email"]
    transform "email" { expr = "LOWER(email)" }
  }
}
