# What stands in the repository before the change.

source "sqlite" "shop" {
  path = "shop.db"
}

target "sqlite" "copy" {
  path = "copy.db"
}

sync "shop" {
  source = source.sqlite.shop
  target = target.sqlite.copy
  mode   = "full"
  mapping "orders" {}
}

sync "old" {
  source = source.sqlite.shop
  target = target.sqlite.copy
  mode   = "full"
  mapping "carts" {}
}
