source "mysql" "s" {
  host = "a.example.com"
}

target "sqlite" "t" {
  path = "t.db"
}

sync "x" {
  source = source.mysql.s
  target = target.sqlite.t
  cdc {
    method   = "binlog"
    pushdown = true
  }
  mapping "users" {}
}
