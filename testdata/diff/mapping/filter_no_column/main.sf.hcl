sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "users" {
    filters = ["age > 3", "statsu != 'deleted' AND age > 1"]
  }
}
