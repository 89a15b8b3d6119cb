variable "token" {
  type      = string
  sensitive = true
  default   = "s3cret"
}

source "sqlite" "shop" {
  path = "shop.db"
}

target "sqlite" "copy" {
  path = "copy.db"
}

sync "shop" {
  source          = source.sqlite.shop
  target          = target.sqlite.copy
  mode            = "full"
  parallel_tables = 1

  mapping "users" {
    target_table = "customers"
  }
  mapping "orders" {}
}

output "tables" {
  value = ["customers", "orders"]
}

output "token" {
  value     = var.token
  sensitive = true
}
