syncform {
  required_version = ">= 0.1.0"
  backend "local" {                                 # literals only, as Terraform's. Also "postgresql" { connection }, "s3" | "gcs" | "azblob" { url }
    path = "syncform.sfstate"
  }
}

variable "region" {
  type        = string
  default     = "eu"
  description = "where the warehouse stands"
  sensitive   = false
  validation {
    condition     = contains(["eu", "us"], var.region)
    error_message = "region is eu or us"
  }
}

locals {
  prefix = "${var.region}_"
}

output "slot" {
  value = sync.warehouse.slot
}

secret_manager "vault" "main" {                     # vault | aws | gcp | azure | file | env | exec
  address = "https://vault.example.com"
}
