sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "*" {
    column "mail" { from = "emial" }
    column "id" { nullable = false }
    column "nope" { default = 1 }
    transform "stauts" { expr = "1" }
    incremental_key = "createdat"
  }
}
