sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "users" {
    target_table = "people"
    columns = { id = "user_id", "*" = "*" }
    exclude_columns = ["secret"]
    filters = ["status != 'deleted'"]
    transform "email" { expr = "LOWER(email)" }
    column "adult" { expr = "age >= 18" }
    add_metadata = { _synced_at = "NOW()" }
  }
}
