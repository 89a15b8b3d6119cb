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
  batch_size = 0
  parallel_tables = -1
  retry_attempts = 1e30
  mapping "t" {

  }
}
