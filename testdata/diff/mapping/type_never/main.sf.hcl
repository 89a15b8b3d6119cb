sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "users" {
    column "created_at" { type = "bigint" }
    column "price" { type = "timestamp with time zone" }
    column "long" {
      expr = "created_at"
      type = "boolean"
    }
    column "paid" { type = "integer" }
    column "email" {
      expr = "UPPER(email)"
      type = "integer"
    }
  }
}
