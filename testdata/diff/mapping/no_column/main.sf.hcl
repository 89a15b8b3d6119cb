sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "users" {
    columns         = { id = "id", emial = "email" }
    exclude_columns = ["agee"]
  }
}
