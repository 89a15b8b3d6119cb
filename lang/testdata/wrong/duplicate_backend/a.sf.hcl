syncform {
  backend "local" {}
}
