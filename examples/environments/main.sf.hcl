# One configuration for several environments: values come from a file for each, the state
# stands in that environment's own PostgreSQL (SF_BACKEND_CONNECTION).
#
#   syncform plan -var-file=staging.sfvars -out tfplan && syncform apply tfplan

syncform {
  backend "postgresql" {}
}

variable "environment" {
  type = string
  validation {
    condition     = contains(["staging", "production"], var.environment)
    error_message = "environment is staging or production"
  }
}

variable "prefix" {
  type    = string
  default = ""
}

source "sqlite" "shop" {
  path = "${var.environment}.db"
}

target "sqlite" "warehouse" {
  path = "${var.environment}-warehouse.db"
}

sync "shop" {
  source = source.sqlite.shop
  target = target.sqlite.warehouse
  mode   = "full"

  mapping "*" {
    target_table = "${var.prefix}*"
  }
}

output "environment" {
  value = var.environment
}
