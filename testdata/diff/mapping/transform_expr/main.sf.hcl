sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "users" {
    transform "email" { expr = "LOWER(emial)" }
    transform "age" { expr = "age / 2" }
    column "x" { expr = "age + email" }
  }
}
