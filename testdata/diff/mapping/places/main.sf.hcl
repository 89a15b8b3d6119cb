sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "users" {
    filters = [<<-EOT
      status = 'new'
        AND agee > 3
      EOT
      , "Größe > 4 AND secret = 'ü👍🏽' AND agee = 1",
      "status = 'new\u00fc' AND id = 1",
      "secret = '\t\"' AND agee = 1",
      "secret = '$${x}' AND agee = 1",
      "secret = '${local.x}' AND agee = 1",
      "secret = '${local.x}' AND ${local.col} = '${local.x}' AND agee = 2",
      "${local.col} = 1",
    ]
    transform "email" {
      expr = <<EOT
CASE WHEN status = 'paid'
     THEN LOWER(emale)
     ELSE '${local.x}' END
EOT
    }
  }
}

locals {
  x   = "ü"
  col = "agee"
}
