sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "o" {
    allow_hazards = ["SF103"]
  }
}
