variable "v" { default = "x" }
syncform {
  backend "local" {
    path = var.v
  }
}
