sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "users" {
    filters = ["age > 'abc'", "created_at > '2023-02-30'", "email"]
  }
}
