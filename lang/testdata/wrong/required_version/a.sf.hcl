syncform {
  required_version = ">= 99.0"
}

nonsense {}
