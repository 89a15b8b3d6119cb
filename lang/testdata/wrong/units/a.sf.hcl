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
  checkpoint_interval = "5 fortnights"
  max_snapshot_age = 5
  schedule = "*/5 * * *"
  mapping "t" {
    incremental_key = "x"
    lookback = "0s"
  }
}
