source "postgresql" "a" {
  host = "a.example.com"
}

target "mysql" "b" {
  host = "b.example.com"
}

source "postgresql" "t" {
  for_each = toset(["east", "west"])
  host     = each.kee
}
sync "a" {
  source = source.postgresql.t
  target = target.mysql.b
  mode   = "full"
  mapping "t" {}
}
sync "b" {
  source = source.postgresql.t["eats"]
  target = target.mysql.b
  mode   = "full"
  mapping "t" {}
}
sync "c" {
  for_each = toset(["east", "north"])
  source   = source.postgresql.t[each.value]
  target   = target.mysql.b[each.key]
  mode     = "full"
  mapping "t" {}
}
