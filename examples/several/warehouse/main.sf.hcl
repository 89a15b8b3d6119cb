# One of several configurations of a repository: syncform -chdir=warehouse plan

source "sqlite" "shop" {
  path = "../shop.db"
}

target "sqlite" "warehouse" {
  path = "../warehouse.db"
}

sync "warehouse" {
  source = source.sqlite.shop
  target = target.sqlite.warehouse
  mode   = "full"
  mapping "orders" {}
}
