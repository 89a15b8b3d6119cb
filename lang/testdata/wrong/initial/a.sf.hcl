source "postgresql" "a" {
  host = "a.example.com"
}

target "mysql" "b" {
  host = "b.example.com"
}

source "sqlite" "c" {
  path = "c.db"
}
sync "s" {
  pattern = "bidirectional"
  between = [source.postgresql.a, target.mysql.b]
  initial = source.sqlite.c
  mapping "t" {}
}
