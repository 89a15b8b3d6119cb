syncform {
  backend "locale" {}
}
