variable "number" {
  type      = number
  sensitive = true
}
variable "wrong" {
  type      = list(string)
  sensitive = true
}
variable "password" {
  type      = map(number)
  sensitive = true
}
