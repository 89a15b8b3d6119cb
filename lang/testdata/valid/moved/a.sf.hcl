source "postgresql" "a" {
  host     = "a.example.com"
  database = "a"
}

target "mysql" "b" {
  host     = "b.example.com"
  database = "b"
}

sync "s" {
  source = source.postgresql.a
  target = target.mysql.b
  mode   = "full"

  mapping "public.orders" {

  }
}

sync "wild" {
  source = source.postgresql.a
  target = target.mysql.b
  mode   = "snapshot"
  mapping "public.*" {}
}

moved {
  from = sync.s.mapping["orders"]
  to   = sync.s.mapping["public.orders"]
}

moved {
  from = sync.before
  to   = sync.s
}

moved {
  from = sync.wild.mapping["x"]
  to   = sync.wild.mapping["public.x"]
}

removed {
  from    = sync.old["a"]
  destroy = true
}
