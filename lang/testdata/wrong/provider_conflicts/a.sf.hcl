source "postgresql" "a" {
  connection = "postgres://u:canary@h/db"
  host = "a"
  port = 1
}
