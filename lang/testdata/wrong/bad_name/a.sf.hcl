source "postgresql" "my db" {
  host = "a"
}

variable "1st" {}
