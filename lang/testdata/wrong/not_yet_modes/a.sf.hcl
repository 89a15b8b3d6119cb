source "postgresql" "a" {
  host = "a.example.com"
}

target "mysql" "b" {
  host = "b.example.com"
}

sync "a" {
  source = source.postgresql.a
  target = target.mysql.b
  mapping "t" {}
}
sync "b" {
  source = source.postgresql.a
  target = target.mysql.b
  mode   = "schema"
  mapping "t" {}
}
