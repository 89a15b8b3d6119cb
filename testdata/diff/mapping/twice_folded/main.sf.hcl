sync "s" {
  source = source.postgresql.a
  target = target.mysql.b
  mode   = "full"
  mapping "users" {
    columns = { "*" = "*", age = "alter" }
    column "Alter" { expr = "1" }
    add_metadata = { ALTER = "NOW()" }
  }
}
