locals {
  tenants = { a = "db_a", "b c" = "db_b" }
}

source "postgresql" "tenant" {
  for_each = local.tenants
  host     = "${each.key}.example.com"
  database = each.value
}

target "mysql" "one" {
  for_each = toset(["x"])
  host     = each.value
}

target "sqlite" "none" {
  for_each = {}
  path     = each.value
}

sync "tenant" {
  for_each = local.tenants
  source   = source.postgresql.tenant[each.key]
  target   = target.mysql.one["x"]
  mode     = "full"
  mapping "t" { target_table = "t_${each.value}" }
}

sync "chained" {
  for_each = source.postgresql.tenant
  source   = each.value
  target   = target.mysql.one["x"]
  mode     = "full"
  mapping "*" { target_table = "${each.key} *" }
}

output "sources" { value = { for k, s in sync.tenant : k => s.source } }
output "one" { value = sync.tenant["b c"].mode }
output "refs" { value = source.postgresql.tenant }
