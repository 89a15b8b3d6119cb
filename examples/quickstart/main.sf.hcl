# The shop's database is copied into a warehouse. run.sh walks through it.

source "sqlite" "shop" {
  path = "shop.db"
}

target "sqlite" "warehouse" {
  path = "warehouse.db"
}

sync "shop" {
  source = source.sqlite.shop
  target = target.sqlite.warehouse
  mode   = "full"

  mapping "customers" {
    target_table    = "dim_customers"
    columns         = { "*" = "*", id = "customer_id", email = "email_address" }
    exclude_columns = ["password_hash"]
  }

  mapping "products" {
    target_table = "dim_products"
  }

  mapping "orders" {
    target_table = "fact_orders"

    index "by_day" {
      columns = ["ordered_at"]
    }
  }
}
