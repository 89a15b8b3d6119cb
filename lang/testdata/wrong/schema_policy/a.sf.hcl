schema_policy "p" {
  mode = "evolved"
  add_column { action = "aply" }
  remove_column { keep_data = true }
  modify_type {
    action       = "review"
    safe_changes = "all"
  }
  drop_table {
    action    = "deny"
    keep_data = true
  }
  backup {
    before = ["drop_colum"]
    keep   = 0
  }
  rename { action = "apply" }
}
