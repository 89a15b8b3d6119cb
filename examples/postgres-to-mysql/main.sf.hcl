# A PostgreSQL database into MySQL or MariaDB. All tables show one moment of the source.

syncform {
  required_version = ">= 0.1.0"
}

source "postgresql" "production" {
  connection = env("SOURCE_URL") # postgres://user:password@host:5432/database
}

target "mysql" "analytics" {
  connection = env("TARGET_URL") # mysql://user:password@host:3306/database
}

sync "warehouse" {
  source          = source.postgresql.production
  target          = target.mysql.analytics
  mode            = "snapshot"
  parallel_tables = 2

  mapping "users" {
    target_table = "dim_users"
    columns = {
      id         = "user_id"
      email      = "email_address"
      created_at = "registered_at"
    }
  }

  mapping "orders" {
    target_table    = "fact_orders"
    exclude_columns = ["internal_notes"]
  }

  # Tables that a wildcard stands for, but those that have a mapping of their own.
  mapping "*" {
    target_table = "raw_*"
  }
}

output "source" {
  value = sync.warehouse.source
}
