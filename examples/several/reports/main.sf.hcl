# Another one, which reads what the first has made: syncform -chdir=reports plan

source "sqlite" "warehouse" {
  path = "../warehouse.db"
}

target "sqlite" "reports" {
  path = "../reports.db"
}

sync "reports" {
  source = source.sqlite.warehouse
  target = target.sqlite.reports
  mode   = "full"
  mapping "orders" {
    target_table = "monthly_orders"
  }
}
