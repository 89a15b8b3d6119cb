# The target's table was filled by another tool, or by replication. It is taken over with
# its rows, and nothing is copied:
#
#   syncform import 'sync.shop.mapping["orders"]'
#   syncform verify

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
