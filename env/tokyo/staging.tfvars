# One NAT gateway serves all zones.
network = {
  cidr = "10.0.0.0/16"
  asn  = 64512
  zones = {
    a = { number = 0 }
    c = { number = 1, nat = false }
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
