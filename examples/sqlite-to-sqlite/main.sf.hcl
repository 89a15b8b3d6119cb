# All tables of one SQLite file, copied into another.

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

  mapping "*" {}
}
