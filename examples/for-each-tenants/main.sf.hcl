# One sync per tenant, all into one database, each into tables of its own.

locals {
  tenants = toset(["acme", "globex"])
}

source "sqlite" "tenant" {
  for_each = local.tenants
  path     = "${each.key}.db"
}

target "sqlite" "warehouse" {
  path = "warehouse.db"
}

sync "tenant" {
  for_each = local.tenants
  source   = source.sqlite.tenant[each.key]
  target   = target.sqlite.warehouse
  mode     = "full"

  mapping "*" {
    target_table = "${each.key}_*"
  }
}
