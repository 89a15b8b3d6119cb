syncform {
  backend "postgresql" {
    connection = env("SECRET")
    path = "x"
  }
}
