sync "s" {
  source = source.postgresql.a
  target = target.mysql.b
  mode   = "full"
  mapping "users" {
    columns = { "*" = "*", email = "mail" }
    transform "mail" { expr = "LOWER(email)" }
    transform "MAIL" { expr = "UPPER(email)" }
  }
}
