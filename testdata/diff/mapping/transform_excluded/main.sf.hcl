sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "users" {
    exclude_columns = ["secret"]
    transform "secret" { expr = "UPPER(secret)" }
  }
}
