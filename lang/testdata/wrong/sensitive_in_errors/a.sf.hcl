variable "secret" {
  default   = "canary-canary"
  sensitive = true
}
locals {
  a = parseint(env("SECRET"), 10)
  b = jsondecode(var.secret)
  c = { for s in [var.secret, var.secret] : upper(s) => 1 }
  d = tonumber(env("SECRET"))
  e = regex(var.secret, "x")
  f = formatdate(env("SECRET"), "2020")
  g = file(env("SECRET"))
  h = env(var.secret)
  i = env("SECRET") + 1
  j = { a = 1 }[var.secret]
  k = base64decode(var.secret)
}
source "postgresql" "a" {
  ssl  = env("SECRET")
  port = env("SECRET")
  credentials {
    type     = "env"
    path     = "A"
    password = "canary"
  }
}
