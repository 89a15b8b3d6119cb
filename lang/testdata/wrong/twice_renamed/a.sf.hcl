source "postgresql" "a" {
  host = "a.example.com"
}

target "mysql" "b" {
  host = "b.example.com"
}

sync "s" {
  source = source.postgresql.a
  target = target.mysql.b
  mode   = "full"

  mapping "t" {
    column "a" { renamed_from = "old" }
    column "b" { renamed_from = "old" }
    column "c" { renamed_from = "c" }
  }
}
