source "postgresql" "a" {
  host = "a.example.com"
}

target "mysql" "b" {
  host = "b.example.com"
}

locals { list = [1] }
sync "s" {
  source = "source.postgresql.a"
  target = target.mysql
  mode   = "full"
  mapping "t" {}
}
sync "t" {
  source = soruce.postgresql.a
  target = target.mysql.b.host
  mode   = local
  mapping "t" {}
}
sync "u" {
  source = local.list
  target = each.value
  mode   = sync.s.mode
  mapping "t" {}
}
sync "v" {
  source = source.postgresql.a["x"]
  target = [target.mysql.b]
  mode   = "full"
  mapping "t" {}
}
