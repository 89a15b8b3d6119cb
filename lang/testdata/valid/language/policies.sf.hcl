schema_policy "evolve" {
  mode = "evolve"                                   # evolve | strict (any drift is an error) | ignore
  add_column {
    action        = "apply"
    default_value = null
  }
  remove_column {
    action    = "warn"
    keep_data = true
  }
  modify_type {
    action       = "review"
    safe_changes = ["varchar_expand", "int_to_bigint"]
  }
  rename_column {
    action         = "manual"
    create_mapping = true
  }
  drop_table { action = "deny" }
  backup {
    before = ["drop_column", "modify_type", "drop_table"]
    keep   = 3
  }
}

conflict_policy "orders" {
  strategy         = "custom_rules"                 # last_write_wins | source_priority | merge | custom_rules
  priority         = source.postgresql.eu           # source_priority: the one endpoint that wins, in both directions; default: the source
  timestamp_column = "updated_at"
  default          = "last_write_wins"              # for fields without a rule
  rule "quantity" { strategy = "sum" }
  rule "status" {
    strategy = "priority_order"
    order    = ["active", "pending", "inactive"]
  }
  rule "last_login" { strategy = "max" }
  log {
    table          = "sync_conflicts"
    retention_days = 90
  }
  alert {
    threshold = 100
    per       = "1h"
    notify    = ["slack:#data-alerts"]
  }
}
