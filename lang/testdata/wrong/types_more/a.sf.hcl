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
    columns = { id = null, b = ["x"], "" = "c" }
    exclude_columns = ["a", null]
    allow_hazards = ["SF104", 7]
    key = ["id", "id"]
    column "x" { default = ["a"] }
    column "y" { nullable = 3 }
    lifecycle { ignore_changes = [] }
  }
}
