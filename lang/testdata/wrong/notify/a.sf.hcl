notify "slack" "a" { url = "https://hooks.example.com/canary" }
notify "slack" "b" { url = "https://hooks.example.com/canary" }
monitoring {
  listen = "9187"
  alert "sync_lag" {
    warning = "> 60"
    notify  = [notify.slack.a]
  }
  alert "conflict_count" {
    warning  = "more than 60"
    critical = ">300"
    notify   = ["slack:#two", notify.slack.a, notify.slack.a, null, 7]
  }
  alert "sync_lag_seconds" {
    notify = []
  }
}
