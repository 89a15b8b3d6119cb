sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "o" {
    column "q" {
      type = "bigintt"
    }
    column "id" {
      default = "x"
    }
  }
}
