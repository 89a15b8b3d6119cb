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
  schedule            = "0 3 * * SUN"
  checkpoint_interval = "5_minutes"
  max_snapshot_age    = "1h30m"
  on_bad_row          = "dead_letter"
  mapping "t" {
    incremental_key = "updated_at"
    lookback        = "1m"
    prune           = true
    filters         = ["a = 1"]
    column "b" { expr = "1" }
  }
}
