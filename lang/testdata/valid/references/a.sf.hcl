source "postgresql" "a" {
  host     = "a.example.com"
  database = "a"
}

target "mysql" "b" {
  host     = "b.example.com"
  database = "b"
}

variable "replica" {
  type    = bool
  default = true
}

source "postgresql" "replica" {
  host = "replica.example.com"
}

locals {
  from = var.replica ? source.postgresql.replica : source.postgresql.a
  ends = [source.postgresql.a, target.mysql.b]
}

sync "s" {
  source = local.from
  target = local.ends[1]
  mode   = "full"
  mapping "t" {}
}

sync "two" {
  pattern = "bidirectional"
  between = [for e in local.ends : e]
  mapping "t" {}
}

output "source" { value = sync.s.source }
output "unknown" { value = sync.s.slot }
