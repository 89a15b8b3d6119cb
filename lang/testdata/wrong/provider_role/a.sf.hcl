source "stream" "a" {
  url = "stdout:"
}

target "sql" "b" {
  files = ["a.sql"]
}
