sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "users" {
    filters = [
      "status = NULL",
      "status = 'payd'",
      "status IN ('new', 'nope')",
      "price = 'abc'",
      "created_at > '2023-13-01'",
      "agee > 3",
      "Größe = 1 AND email > 3",
      "Groesse > 3",
      "LENGTH(email) > 'x'",
      "NOT status",
      "age NOT IN (1, NULL)",
      "age != NULL",
    ]
  }
}
