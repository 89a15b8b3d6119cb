sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "users" {
    add_metadata = {
      _at = "NOW(9)"
      _of = "UPPER(nam)"
    }
  }
}
