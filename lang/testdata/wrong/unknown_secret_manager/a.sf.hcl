secret_manager "valt" "main" {}
