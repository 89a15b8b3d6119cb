# A sync has another name now, and another one is given up: no row is copied again, and
# the table of the second stays.

source "sqlite" "shop" {
  path = "shop.db"
}

target "sqlite" "copy" {
  path = "copy.db"
}

sync "sales" {
  source = source.sqlite.shop
  target = target.sqlite.copy
  mode   = "full"
  mapping "orders" {}
}

moved {
  from = sync.shop
  to   = sync.sales
}

removed {
  from    = sync.old
  destroy = false
}
