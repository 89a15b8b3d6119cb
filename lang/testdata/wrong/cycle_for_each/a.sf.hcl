locals {
  keys = [for k, v in source.postgresql.t : k]
}
source "postgresql" "t" {
  for_each = toset(local.keys)
}
