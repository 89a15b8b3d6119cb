sync "s" {
  source = source.postgresql.a
  target = target.postgresql.b
  mode   = "full"
  mapping "t00" {
    filters = ["small > 100000"]
  }
  mapping "t01" {
    filters = ["age > 5 AND age < 3"]
  }
  mapping "t02" {
    filters = ["age BETWEEN 5 AND 3"]
  }
  mapping "t03" {
    filters = ["age IS NULL AND age > 3"]
  }
  mapping "t04" {
    filters = ["id IS NULL"]
  }
  mapping "t05" {
    filters = ["status = 'new' AND status = 'paid'"]
  }
  mapping "t06" {
    filters = ["age > 5 AND age <= 5"]
  }
  mapping "t07" {
    filters = ["age IN (1, 2) AND age > 2"]
  }
  mapping "t08" {
    filters = ["created_at < '2023-01-01' AND created_at >= '2024-01-01'"]
  }
  mapping "t09" {
    filters = ["price > 5 AND 4.99 > price"]
  }
  mapping "t10" {
    filters = ["email = 'a' AND email <> 'a'"]
  }
  mapping "t11" {
    filters = ["age > 3 AND (status = 'new' AND age < 2)"]
  }
  mapping "t12" {
    filters = ["age >= 5 AND age <= 5"]
  }
  mapping "t13" {
    filters = ["age IN (1,2) AND age >= 2"]
  }
  mapping "t14" {
    filters = ["age > 5 OR age < 3"]
  }
  mapping "t15" {
    filters = ["age = 1 AND NOT age = 2"]
  }
  mapping "t16" {
    filters = ["small > 32766"]
  }
  mapping "t17" {
    filters = ["price < 5 AND price > 4.99"]
  }
  mapping "t18" {
    filters = ["status IN ('new','paid') AND status = 'paid'"]
  }
  mapping "t19" {
    filters = ["secret IS NULL"]
  }
  mapping "t20" {
    filters = ["age NOT BETWEEN 5 AND 3"]
  }
  mapping "t21" {
    filters = ["age > 5 AND status = 'new'", "email = 'ü' AND age < 3"]
  }
}
