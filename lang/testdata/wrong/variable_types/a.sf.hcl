variable "a" {
  type    = strin
  default = 1
}
variable "b" {
  type    = number
  default = "x"
}
variable "c" {
  default  = null
  nullable = false
}
variable "d" { default = upper("x") }
variable "e" { default = var.b }
variable "f" {
  type    = list(object({ n = number }))
  default = [{ n = 1 }, { n = "x" }]
}
