sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "m" {
    target_table = "metrics"
  }
}
