source "postgresql" "a" {}
variable "x" { default = 2 }
locals { l = 2 }
output "o" { value = 2 }
monitoring {}
