# Both syntaxes are read together.
output "region" {
  value = var.region
}
