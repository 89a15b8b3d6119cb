sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "users" {
    key          = ["_at", "id"]
    add_metadata = { _at = "NOW()" }
  }
}
