sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "users" {
    key = ["id"]
    exclude_columns = ["id"]
  }
}
