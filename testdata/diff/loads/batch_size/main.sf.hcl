sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  batch_size = 1000
  mapping "users" {}
}
