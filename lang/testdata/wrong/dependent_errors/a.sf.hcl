locals {
  broken = nothing.at.all
  uses   = local.broken
}
source "postgresql" "a" {
  host = local.uses
  port = local.broken
}
output "o" { value = local.uses }
