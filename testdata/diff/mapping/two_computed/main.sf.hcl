sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "users" {
    add_metadata = { status = "'x'" }
    columns = { age = "x", "*" = "*" }
    column "X" { expr = "1" }
  }
}
