source "postgresql" "a" {
  host = "a.example.com"
}

target "mysql" "b" {
  host = "b.example.com"
}

sync "one" {
  source = source.postgresql.a
  hub    = target.mysql.b
  mode   = "full"
  mapping "t" {}
}
sync "two" {
  pattern = "bidirectional"
  source  = source.postgresql.a
  between = [source.postgresql.a, source.postgresql.a]
  mapping "t" {}
}
sync "three" {
  pattern = "bidirectional"
  between = [source.postgresql.a]
  mode    = "full"
  initial = target.mysql.b
  mapping "t" {
    filters = ["a = 1"]
    transform "x" { expr = "1" }
    column "y" { expr = "2" }
  }
}
sync "four" {
  pattern = "hub_and_spoke"
  hub     = source.postgresql.a
  spokes  = [target.mysql.b, source.postgresql.a]
  mapping "t" {}
}
sync "five" {
  pattern = "hub_and_spoke"
  hub     = source.postgresql.a
  spokes  = []
  mapping "t" {}
}
