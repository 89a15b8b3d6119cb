source "postgresql" {
}

sync "a" "b" {
}
