# Other names, columns left out, and what only the target has.

source "sqlite" "app" {
  path = "app.db"
}

target "sqlite" "report" {
  path = "report.db"
}

sync "report" {
  source = source.sqlite.app
  target = target.sqlite.report
  mode   = "full"

  mapping "people" {
    target_table    = "contacts"
    exclude_columns = ["password"]
    columns = {
      "*"  = "*"
      mail = "email"
      tel  = "phone"
    }

    column "country" {
      default = "unknown"
    }

    index "contacts_country" {
      columns = ["country", "email"]
    }

    lifecycle {
      prevent_destroy = true
    }
  }
}
