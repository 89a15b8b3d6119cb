sorce "postgresql" "a" {
}
