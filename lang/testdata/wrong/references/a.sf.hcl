source "postgresql" "a" {
  host = "a.example.com"
}

target "mysql" "b" {
  host = "b.example.com"
}

sync "s" {
  source = source.postgresql.b
  target = target.postgresql.a
  mode   = "full"
  mapping "t" {}
}

sync "t" {
  source          = var.nothing
  target          = local.nothing
  schema_policy   = schema_policy.nothing
  conflict_policy = conflict_policy.nothing
  mode            = "full"
  mapping "t" {}
}
