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
  mapping "t" {}
}
output "a" { value = sync.s.slott }
output "b" { value = sync.x.slot }
output "c" { value = source.postgresql.a.host }
locals { l = sync.s.slot }
