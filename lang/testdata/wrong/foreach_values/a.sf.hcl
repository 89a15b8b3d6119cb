variable "secret" {
  default   = { a = "canary" }
  sensitive = true
}
source "postgresql" "list" { for_each = ["a"] }
source "postgresql" "text" { for_each = "a" }
source "postgresql" "null" { for_each = null }
source "postgresql" "numbers" { for_each = toset([1]) }
source "postgresql" "secret" { for_each = var.secret }
source "postgresql" "env" { for_each = toset([env("SECRET")]) }
