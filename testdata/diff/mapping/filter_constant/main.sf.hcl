sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "users" {
    filters = ["1 = 1", "status = 'a' AND FALSE", "NULL"]
  }
}
