source "postgresql" "a" {
  host = "a.example.com"
}

target "mysql" "b" {
  host = "b.example.com"
}

sync "s" {
  source = source.postgresql.a
  target = source.postgresql.a
  mode   = "full"
  mapping "t" {}
  mapping "*" {}
  mapping "u" { target_table = "u_copy" }
}
