syncform {
  backend "postgresql" {}
}
