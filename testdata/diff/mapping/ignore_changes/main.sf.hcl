sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "users" {
    lifecycle {
      ignore_changes = ["nope", "emaill", "email"]
    }
  }
}
