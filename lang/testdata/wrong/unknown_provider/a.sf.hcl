source "postgres" "a" {}
source "oracle" "b" {}
