# What the other files refer to and the page does not show.

source "postgresql" "eu" {
  host     = "eu.example.com"
  database = "stock"
}

source "mysql" "us" {
  host     = "us.example.com"
  database = "stock"
}

source "postgresql" "hq" {
  host     = "hq.example.com"
  database = "prices"
}

source "mysql" "paris" {
  host     = "paris.example.com"
  database = "prices"
}

source "sqlite" "till" {
  path = "till.db"
}

target "postgresql" "scratch" {
  host     = "127.0.0.1"
  database = "scratch"
}
