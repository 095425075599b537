account_id = "210987654321"

states = {
  tokyo = { bucket = "example-states-210987654321", region = "ap-northeast-1" }
  osaka = { bucket = "example-states-osaka-210987654321", region = "ap-northeast-3" }
}

# One NAT gateway serves all zones.
network = {
  cidr = "10.0.0.0/16"
  asn  = 64512
  zones = {
    a = { id = "apne1-az4", number = 0 }
    c = { id = "apne1-az1", number = 1, nat = false }
  }
}

premises = null

database = {
  engine         = "postgres"
  engine_version = "17"
  instance_class = "db.t4g.medium"
  multi_az       = false
  backup_days    = 3
}

tags = {
  Owner       = "platform"
  DataClass   = "internal"
  Environment = "staging"
}
