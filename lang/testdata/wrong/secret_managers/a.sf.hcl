secret_manager "vault" "a" {
  token = "canary"
}
secret_manager "exec" "b" {
  command = "pass"
}
secret_manager "env" "c" {
  path = "x"
}
