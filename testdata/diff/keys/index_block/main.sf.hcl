sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "o" {
    index "by_b" {
      columns = ["b"]
    }
  }
}
