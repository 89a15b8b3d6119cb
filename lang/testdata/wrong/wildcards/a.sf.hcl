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
  mapping "*" { target_table = "all" }
  mapping "public.*" { target_table = "*_*" }
  mapping "user_*" {}
  mapping "t" { target_table = "app_*" }
}
