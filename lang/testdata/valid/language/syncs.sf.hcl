sync "stock" {
  pattern         = "bidirectional"
  between         = [source.postgresql.eu, source.mysql.us]
  initial         = source.postgresql.eu            # who wins where both sides hold rows at the start; needed then
  conflict_policy = conflict_policy.orders
  mapping "stock" {}                                # two ways: renames and projections only
}

sync "branches" {
  pattern         = "hub_and_spoke"
  hub             = source.postgresql.hq
  spokes          = [source.mysql.paris, source.sqlite.till]
  conflict_policy = conflict_policy.orders
  mapping "prices" {}
}

sync "search" {
  source = source.mysql.shop
  target = target.elasticsearch.search
  mapping "products" {
    target_index = "products_search"
    columns      = { "*" = "*", id = "_id" }
    field "name" {
      type     = "text"
      analyzer = "standard"
    }
    field "description" {
      type     = "text"
      analyzer = "english"
    }
    field "category" { type = "keyword" }
    field "price" { type = "float" }
  }
}
