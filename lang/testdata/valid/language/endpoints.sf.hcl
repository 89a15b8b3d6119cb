source "postgresql" "production" {
  host     = "source-db.example.com"
  port     = 5432
  database = "production"
  ssl      = "required"                             # disabled | preferred | required | verify_ca | verify_full (+ ca_file, cert_file, key_file)
  credentials {
    type    = "secret_manager"                      # secret_manager | env | file | static
    manager = secret_manager.vault.main             # may be left out where there is one
    path    = "db/source/credentials"               # a JSON secret: username, password (and, if there, host, port, database)
  }
}

source "mysql" "shop" {
  connection = env("MYSQL_CONNECTION_STRING")       # a URL or DSN, in place of host, port, ...
}

source "sqlite" "app" {
  path = "app.db"
}

source "sql" "desired" {                            # a schema without rows, from files: for mode = "schema"
  files   = ["schema/*.sql"]
  scratch = target.postgresql.scratch               # an empty database where they are tried out, and their normal form read
}

target "mysql" "analytics" {
  host     = "target-db.example.com"
  database = "analytics"
  credentials {
    type = "env"
    path = "ANALYTICS"                              # ANALYTICS_USERNAME, ANALYTICS_PASSWORD
  }
}

target "bigquery" "bq" {
  project = "my-project"
  dataset = "analytics"                             # endpoint = "http://..." for an emulator
}

target "elasticsearch" "search" {
  addresses = ["https://search.example.com:9200"]
}

target "stream" "events" {                          # change events: stdout:, file:///path.jsonl, kafka://, nats://, https://
  url = "kafka://broker:9092/changes"
  output_format {
    type    = "json"
    include = ["operation", "timestamp", "table", "key", "before", "after"]
  }
}
