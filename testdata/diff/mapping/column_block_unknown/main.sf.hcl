sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "users" {
    column "emial" { default = "x" }
  }
}
