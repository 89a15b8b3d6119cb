variable "n" { type = number }
variable "l" { type = list(string) }
variable "m" { type = map(number) }
variable "not_null" {
  type     = string
  nullable = false
}
