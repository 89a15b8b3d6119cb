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
  batch_size = "many"
  parallel_tables = 1.5
  retry_attempts = true
  mapping "t" {
    prune = "maybe"
    key = "id"
    columns = ["id"]
    target_table = ["x"]
  }
}
