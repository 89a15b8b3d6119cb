sync "s" {
  source = source.postgresql.a
  target = target.mysql.b
  mode   = "full"
  mapping "users" {
    column "Alter" { expr = "1" }
    column "alter" { from = "secret" }
  }
}
