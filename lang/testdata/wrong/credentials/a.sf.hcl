source "postgresql" "a" {
  credentials {
    type = "environment"
  }
}
source "postgresql" "b" {
  credentials {
    type     = "env"
    username = "u"
  }
}
source "postgresql" "c" {
  credentials {
    type = "secret_manager"
    path = "x"
  }
}
source "postgresql" "d" {
  credentials {
    type = "static"
    path = "x"
  }
}
source "postgresql" "e" {
  credentials {
    type    = "secret_manager"
    manager = secret_manager.env.main
    path    = env("SECRET")
  }
}
source "postgresql" "f" {
  credentials { path = "x" }
}
