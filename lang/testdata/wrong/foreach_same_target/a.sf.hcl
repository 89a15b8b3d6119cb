source "postgresql" "a" {
  host = "a.example.com"
}

target "mysql" "b" {
  host = "b.example.com"
}

sync "s" {
  for_each = toset(["a", "b"])
  source   = source.postgresql.a
  target   = target.mysql.b
  mode     = "full"
  mapping "t" { target_table = "same" }
}
