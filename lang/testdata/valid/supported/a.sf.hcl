syncform {
  required_version = "~> 0.1"
  backend "postgresql" {}
}

secret_manager "file" "main" {
  path = "secrets"
}

source "postgresql" "a" {
  host     = "a.example.com"
  port     = "5432"
  database = "a"
  ssl      = "verify_full"
  ca_file  = "ca.pem"
  schemas  = ["public", "Other \"one\""]
  options  = { application_name = "x" }
  credentials {
    type = "secret_manager"
    path = "a.json"
  }
  pool { size = 3 }
}

source "mysql" "m" {
  connection = env("MYSQL_CONNECTION_STRING")
  credentials {
    type     = "static"
    username = "u"
    password = ""
  }
}

target "sqlite" "lite" {
  path = "x.db"
}

target "postgresql" "e" {
  host     = env("SECRET")
  database = "e"
  credentials {
    type = "env"
    path = "E"
  }
}

target "postgresql" "f" {
  database = "f"
  credentials {
    type = "file"
    path = "f.json"
  }
}

sync "full" {
  source          = source.postgresql.a
  target          = target.sqlite.lite
  pattern         = "one_way"
  mode            = "full"
  batch_size      = 1
  parallel_tables = 1
  retry_attempts  = 0
  on_bad_row      = "stop"

  mapping "users" {
    target_table    = "dim users"
    columns         = { "*" = "*", "Größe" = "size", id = "user_id" }
    exclude_columns = ["secret"]
    key             = ["id"]
    prune           = false
    allow_hazards   = ["SF104"]
    column "user_id" { type = "bigint" }
    column "tier" {
      from     = "level"
      type     = "varchar(20)"
      default  = "bronze"
      nullable = false
    }
    column "n" { default = 5 }
    column "none" { default = null }
    index "by_tier" {
      columns = ["tier", "n"]
      unique  = true
    }
    lifecycle { prevent_destroy = true }
  }
  mapping "public.orders" {}
}

sync "snapshot" {
  source = target.postgresql.e # either reference in either place
  target = source.mysql.m
  mode   = "snapshot"
  mapping "*" { target_table = "app_*" }
}

sync "other" {
  source = source.mysql.m
  target = target.postgresql.f
  mode   = "snapshot"
  mapping "shop.*" {}
}
