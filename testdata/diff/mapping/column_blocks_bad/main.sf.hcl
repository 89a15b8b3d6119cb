sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "users" {
    column "n" {
      expr    = "age"
      type    = "boolean"
      default = "x"
    }
    column "m" {
      type     = "integer"
      nullable = false
    }
    column "small" { default = "x" }
    index "x" { columns = ["email", "nn"] }
  }
}
