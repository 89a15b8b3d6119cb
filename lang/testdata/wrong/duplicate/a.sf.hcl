source "postgresql" "a" {
  host = "a.example.com"
}

target "mysql" "b" {
  host = "b.example.com"
}

variable "x" { default = 1 }
locals { l = 1 }
output "o" { value = 1 }
monitoring {}
