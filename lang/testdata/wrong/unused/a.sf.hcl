schema_policy "p" {}

conflict_policy "q" {}
