notify "slack" "data_alerts" {                      # slack | webhook | email | any shoutrrr URL; "slack:#channel" goes through the one slack block
  url = env("SLACK_WEBHOOK")
}

monitoring {
  listen = "127.0.0.1:9187"                         # /metrics, /status, /healthz and the dashboard
  alert "sync_lag_seconds" {
    warning  = "> 60"
    critical = "> 300"
    notify   = [notify.slack.data_alerts]
  }
}

migration "loyalty" {                               # a script run once per target, in plan order, checksummed in the state
  target = target.mysql.analytics
  up     = file("migrations/001_loyalty.sql")
}

removed {
  from    = sync.old
  destroy = false
}
