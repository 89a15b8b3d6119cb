# A MySQL or MariaDB database into PostgreSQL, into a schema of its own.

variable "schema" {
  type        = string
  default     = "shop"
  description = "the schema of the target that the tables stand in"
}

source "mysql" "shop" {
  connection = env("SOURCE_URL") # mysql://user:password@host:3306/database
}

target "postgresql" "warehouse" {
  connection = env("TARGET_URL") # postgres://user:password@host:5432/database
}

sync "shop" {
  source     = source.mysql.shop
  target     = target.postgresql.warehouse
  mode       = "full"
  batch_size = 50000

  mapping "*" {
    target_table = "${var.schema}.*"
  }
}
