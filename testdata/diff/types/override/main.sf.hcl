sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "o" {
    column "q" {
      type     = "bigint"
      default  = 7
      nullable = false
    }
  }
}
