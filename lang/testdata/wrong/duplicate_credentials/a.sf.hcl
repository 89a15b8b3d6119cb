source "postgresql" "a" {
  credentials {
    type = "env"
    path = "A"
  }
  credentials {
    type = "env"
    path = "B"
  }
}
