source "postgresql" "a" {
  connection = "postgres://u:canary@h/db
}
