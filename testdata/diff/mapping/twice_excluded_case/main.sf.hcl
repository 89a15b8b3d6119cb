sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "users" {
    columns         = { ID = "id", email = "mail" }
    exclude_columns = ["agee", "seecret"]
    column "x" { from = "agez" }
    incremental_key = "updated_at"
  }
}
