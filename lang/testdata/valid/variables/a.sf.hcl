variable "from_default" { default = "default" }
variable "from_env" { default = "default" }
variable "from_sfvars" { default = "default" }
variable "from_json" { default = "default" }
variable "from_auto" { default = "default" }
variable "from_file" { default = "default" }
variable "from_flag" { default = "default" }
variable "all" {}
variable "canary" {
  type      = string
  sensitive = true
}
variable "typed" {
  type = list(object({
    name = string
    size = optional(number, 7)
  }))
}
variable "not_null" {
  type     = number
  default  = 3
  nullable = false
}
variable "checked" {
  type    = string
  default = "eu"
  validation {
    condition     = contains(local.regions, var.checked)
    error_message = "checked is one of ${join(", ", local.regions)}"
  }
}
locals { regions = ["eu", "us"] }

output "values" {
  value = [var.from_default, var.from_env, var.from_sfvars, var.from_json, var.from_auto, var.from_file, var.from_flag, var.all]
}
output "typed" { value = var.typed }
output "not_null" { value = var.not_null }
output "canary" {
  value     = upper(var.canary)
  sensitive = true
}
