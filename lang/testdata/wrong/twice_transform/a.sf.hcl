source "postgresql" "a" {
  host = "a.example.com"
}

target "mysql" "b" {
  host = "b.example.com"
}

sync "s" {
  source = source.postgresql.a
  target = target.mysql.b
  mode   = "full"

  mapping "t" {
    columns = { a = "x" }
    transform "x" { expr = "UPPER(a)" }
    transform "a" { expr = "LOWER(a)" }
    column "z" { expr = "1" }
    transform "z" { expr = "2" }
    column "p" { from = "q" }
    column "r" { from = "q" }
    transform "q" { expr = "q" }
  }
}
