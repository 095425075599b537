database = {
  replica_of     = "arn:aws:rds:ap-northeast-1:210987654321:db:shop"
  engine         = "postgres"
  engine_version = "17"
  instance_class = "db.t4g.medium"
  multi_az       = false
  backup_days    = 3
}

clients = {}

servers = {
  image_id      = "ami-0f6e5d4c3b2a10987"
  instance_type = "t4g.small"
  min           = 2
  max           = 4
}

account_id = "210987654321"
states = {
  tokyo = { bucket = "example-states-210987654321", region = "ap-northeast-1" }
  osaka = { bucket = "example-states-osaka-210987654321", region = "ap-northeast-3" }
}

tags = {
  Owner       = "shop"
  DataClass   = "internal"
  Environment = "staging"
}
