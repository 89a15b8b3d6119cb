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
  mapping "orders" {}
}
moved {
  from = sync.s
  to   = sync.t
}
moved {
  from = sync.s.mapping["order"]
  to   = sync.s.mapping["ordres"]
}
moved {
  from = sync.a
  to   = sync.s.mapping["orders"]
}
moved {
  from = sync.s.mapping
  to   = source.postgresql.a
}
moved {
  from = sync.a
  to   = sync.a
}
removed {
  from = sync.s.mapping["orders"]
}
removed {
  from = "sync.b"
}
