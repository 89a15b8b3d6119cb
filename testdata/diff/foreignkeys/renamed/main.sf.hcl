sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "a" {
    target_table = "aa"
    columns      = { id = "a_id", b = "b_id" }
  }
  mapping "b" {
    target_table = "bb"
    columns      = { id = "b_id" }
  }
}
