target "bigquery" "q" {
  project = "p"
  dataset = "d"
}
source "sqlite" "c" {
  path = "c.db"
}
sync "s" {
  source = target.bigquery.q
  target = source.sqlite.c
  mode   = "full"
  mapping "t" {}
}
