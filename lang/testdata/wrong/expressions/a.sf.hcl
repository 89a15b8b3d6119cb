variable "state" {
  type    = string
  default = "x"
}

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

  mapping "t" {
    filters = [
      "a || b = 'x'",
      "status = \"x\"",
      "age::int > 3",
      "name ILIKE 'a%'",
      "created_at > NOW()",
      "name = 'a\\d'",
      "é = 'ü' AND (b",
      "state = '${var.state}' AND c || d",
      "COUNT(*) > 3",
      "a = 1;",
      "x -> 1 = 2",
      "UPPR(name) = 'A'",
      "IF(a, b) = 1",
      "id IN (SELECT id FROM other)",
      "t.id = 1",
      "INITCAP(name) = 'A'",
      "MAX(a, b) = 1",
      "a ~ 'x'",
      "a COLLATE utf8mb4_bin = 'x'",
      "a AT TIME ZONE 'UTC' > 'x'",
      "a = ?",
      "a IS DISTINCT FROM b",
    ]
    transform "a" { expr = "CAST(a AS MONEY)" }
    column "b" { expr = "UUID()" }
    add_metadata = {
      _at  = "NOW(), 1"
      _who = "'x"
    }
  }
}
