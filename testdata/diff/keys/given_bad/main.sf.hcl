sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "n" {
    key = ["a"]
  }
  mapping "o" {
    key = ["aa"]
  }
  mapping "p" {
    key             = ["a"]
    exclude_columns = ["a"]
  }
}
