database = {
  replica_of     = "shop"
  engine         = "postgres"
  engine_version = "17"
  instance_class = "db.t4g.medium"
  multi_az       = false
  backup_days    = 3
}

clients = {}

servers = {
  instance_type = "t4g.small"
  min           = 2
  max           = 4
}

tags = {
  Owner       = "shop"
  DataClass   = "internal"
  Environment = "staging"
}
