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
  cdc {
    method           = "logical"
    on_exceed        = "drop"
    max_retained_wal = "10 apples"
    capture_deletes  = "no"
    slot             = ""
  }
  mapping "t" {

  }
}
