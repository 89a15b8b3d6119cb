syncform {
  backend "s3" {}
}
