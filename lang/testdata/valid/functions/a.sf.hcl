locals {
  x = [
    length("äöü"), length([1, 2]), length({ a = 1 }), length(toset(["a"])),
    startswith("abc", "ab"), endswith("abc", "bc"), strcontains("abc", "b"),
    replace("a-b", "-", "_"), replace("a1b2", "/[0-9]/", "#"),
    alltrue([true, false]), anytrue([true, false]), sum([1, 2, 3]), one(["only"]), one([]),
    index(["a", "b"], "b"), base64encode("x"), base64decode("eA=="), sha256(""), urlencode("a b"),
    basename("a/b.sql"), dirname("a/b.sql"), fileexists("text.txt"), fileexists("nope"), trimspace(file("text.txt")),
    try(tonumber("x"), 1), can(tonumber("x")), issensitive(env("SECRET")), nonsensitive(sensitive("shown")),
    upper("x"), join(",", ["a", "b"]), merge({ a = 1 }, { b = 2 }), flatten([[1], [2]]), range(3), format("%03d", 7),
    lookup({ a = 1 }, "b", 0), jsonencode({ a = [1] }), toset(["b", "a"]), setunion(["a"], ["b"]), regex("[a-z]+", "12ab"),
  ]
}
output "x" { value = local.x }
output "env" {
  value     = "x${env("SECRET")}"
  sensitive = true
}
