sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "snapshot"
  mapping "*" {}
}
