sync "warehouse" {
  source  = source.postgresql.production
  target  = target.mysql.analytics
  pattern = "one_way"                               # one_way | bidirectional | hub_and_spoke
  mode    = "incremental"                           # incremental | full (load aside, swap) | snapshot (one point in time, then done) | schema (no rows)

  batch_size          = 10000
  parallel_tables     = 4                           # of the backfill
  retry_attempts      = 3
  checkpoint_interval = "5m"                        # also "5_minutes"; the longest that a quiet stream goes without one
  schedule            = "*/5 * * * *"               # cron: passes instead of an open stream
  on_bad_row          = "stop"                      # stop | dead_letter

  cdc {
    method                = "logical_replication"   # logical_replication | binlog | trigger | polling; default: the best that the source offers
    publication           = "sync_publication"
    slot                  = "sync_slot"
    capture_deletes       = true
    capture_before_values = true
    max_retained_wal      = "10GB"
    on_exceed             = "warn"                  # warn | drop_slot
  }

  schema_policy   = schema_policy.evolve
  conflict_policy = conflict_policy.orders

  mapping "users" {                                 # label: the source table, "table", "schema.table"; "schema.*" for all of them; "*" for all of the default schema
    target_table = "dim_users"                      # with a wildcard: a pattern such as "app_*"
    columns = {                                     # source column = target column; absent: all columns, same names
      id         = "user_id"
      email      = "email_address"
      created_at = "registration_date"
      status     = "user_status"
    }
    transform "status" {                            # a target column, else a source column that is mapped exactly once
      expr = "UPPER(status)"                        # SQL over source columns: expressions.md
    }
    transform "email_address" {
      expr = "LOWER(email)"
    }
    add_metadata = {                                # target-only columns, set when the row is written; verify and conflicts ignore them
      _synced_at = "CURRENT_TIMESTAMP()"
      _source    = "'production'"
    }
    filters = ["status != 'deleted'", "created_at > '2023-01-01'"]     # all must hold
  }

  mapping "orders" {
    target_table    = "fact_orders"
    columns         = { "*" = "*" }
    exclude_columns = ["internal_notes", "deleted_at"]
    incremental_key = "updated_at"                  # for polling; lookback = "1m" for commits that come late
    key             = ["id"]                        # default: the primary key, else a unique index without nulls
    allow_hazards   = ["SF104"]

    column "loyalty_tier" {                         # everything that can be said of one target column; the lines above are its short forms
      type         = "varchar(20)"                  # from, expr, type, default, nullable, renamed_from; saying one thing twice is an error
      default      = "bronze"
      renamed_from = "tier"                         # so that the plan renames instead of drop + add
    }
    index "by_customer" {
      columns = ["customer_id"]
    }
    lifecycle {
      prevent_destroy = true
      ignore_changes  = ["legacy_note"]
    }
  }
}
