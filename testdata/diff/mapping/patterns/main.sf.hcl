sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "*" {
    target_table = "copy_*"
  }
  mapping "app.*" {
    target_table = "app.y_*"
  }
  mapping "o" {
    target_table = "x"
  }
}
