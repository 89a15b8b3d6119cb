source "postgresql" "a" {
  host = "a.example.com"
}

target "mysql" "b" {
  host = "b.example.com"
}

migration "m" {
  target = target.mysql.x
  up     = file("gone.sql")
}
migration "n" {
  target = target.mysql.b
}
