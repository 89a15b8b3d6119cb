source "postgresql" "a" {
  host = 
}
