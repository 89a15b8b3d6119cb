notify "slak" "x" {
  url = "https://hooks.example.com/x"
}
