network = {
  cidr = "10.0.0.0/16"
  asn  = 64512
  zones = {
    a = { number = 0 }
    c = { number = 1 }
  }
}

inside = { private = "10.0.0.0/8" }
beyond = { premises = "172.16.0.0/12" }

clients = {
  a        = "10.1.0.0/16"
  b        = "10.2.0.0/16"
  osaka    = "10.17.0.0/16"
  premises = "172.16.0.0/12"
}

osaka = {
  cidr = "10.16.0.0/12"
}

premises = {
  vpg_asn = 64514
  dx_asn  = 64515
}

database = {
  engine         = "postgres"
  engine_version = "17"
  instance_class = "db.m8g.large"
  storage        = { size = 100, max = 1000 }
}

# The user that the application runs as, as in the image.
files = { uid = 1500, gid = 1500 }

tags = {
  Owner       = "platform"
  DataClass   = "confidential"
  Environment = "production"
}
