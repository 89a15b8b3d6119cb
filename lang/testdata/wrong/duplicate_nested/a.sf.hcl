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
    column "x" {}
    column "x" { type = "int" }
    index "i" { columns = ["x"] }
    index "i" { columns = ["x"] }
    lifecycle {}
    lifecycle { prevent_destroy = true }
  }
}
