syncform {
  backend "gcs" {
    url = "gs://bucket/state"
  }
}
