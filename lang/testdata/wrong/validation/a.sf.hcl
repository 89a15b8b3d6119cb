variable "a" {
  default = "x"
  validation {
    condition     = var.a == "y"
    error_message = "a is y."
  }
  validation {
    condition     = true
    error_message = "never"
  }
  validation {
    condition     = "perhaps${var.a}"
    error_message = "never"
  }
  validation {
    condition     = var.a == "z"
    error_message = env("SECRET")
  }
}
variable "given" {
  validation {
    condition     = length(var.given) > 3
    error_message = "given has more than three letters, not ${length(var.given)}"
  }
}
variable "secret" {
  default   = "canary"
  sensitive = true
  validation {
    condition     = var.secret == ""
    error_message = "no: ${var.secret}"
  }
  validation {
    condition = var.secret == ""
  }
}
