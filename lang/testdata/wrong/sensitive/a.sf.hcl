source "postgresql" "a" {
  host = "a.example.com"
}

target "mysql" "b" {
  host = "b.example.com"
}

variable "secret" {
  default   = "canary"
  sensitive = true
}
locals { derived = upper(var.secret) }
output "a" { value = local.derived }
output "b" { value = { x = [env("SECRET")] } }
sync "s" {
  source     = source.postgresql.a
  target     = target.mysql.b
  mode       = var.secret
  batch_size = env("SECRET")
  mapping "t" {
    target_table = "x_${local.derived}"
    columns      = { (var.secret) = "x", b = env("SECRET") }
    key          = [env("SECRET")]
    column "x" { default = local.derived }
  }
}
sync "t" {
  source = env("SECRET") == "x" ? source.postgresql.a : source.postgresql.a
  target = target.mysql.b
  mode   = "full"
  mapping "t" {}
}
