secret_manager "env" "a" {}
secret_manager "file" "b" {}
source "postgresql" "c" {
  credentials {
    type = "secret_manager"
    path = "x"
  }
}
