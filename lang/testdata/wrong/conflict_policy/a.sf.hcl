conflict_policy "a" {
  strategy = "custom_rules"
  priority = source.postgresql.nothing
  log { retention_days = 0 }
  alert {
    threshold = 0
    notify    = ["slack:#x", "slack", notify.slack.x, "notify.slack.y"]
  }
}
conflict_policy "b" {
  default = "last_write_wins"
  rule "x" { strategy = "max" }
}
conflict_policy "c" {
  strategy = "custom_rules"
  rule "x" { strategy = "priority_order" }
  rule "x" { strategy = "sum" }
  rule "y" {
    strategy = "sum"
    order    = ["a"]
  }
  rule "z" { strategy = "maximum" }
}
conflict_policy "d" {
  default = "last_write_wins"
}
