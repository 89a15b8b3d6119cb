source "postgresql" "a" {
  host = "a.example.com"
}

target "mysql" "b" {
  host = "b.example.com"
}

schema_policy "p" {}
sync "s" {
  source        = schema_policy.p
  target        = target.mysql.b
  schema_policy = source.postgresql.a
  mode          = "full"
  mapping "t" { target_table = source.postgresql.a }
}
