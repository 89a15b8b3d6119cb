sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "users" {
    column "orig" { from = "id" }
    column "id" { expr = "id DIV 10" }
  }
}
