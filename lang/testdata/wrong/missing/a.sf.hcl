source "sqlite" "a" {}

output "o" {}

sync "s" {
  mode = "full"
  mapping "t" {
    index "i" {}
  }
}
