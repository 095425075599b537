account_id = "123456789012"

states = {
  tokyo = { bucket = "example-states-123456789012", region = "ap-northeast-1" }
  osaka = { bucket = "example-states-osaka-123456789012", region = "ap-northeast-3" }
}

network = {
  cidr = "10.0.0.0/16"
  asn  = 64512
  zones = {
    a = { id = "apne1-az4", number = 0 }
    c = { id = "apne1-az1", number = 1 }
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
  region = "ap-northeast-3"
  cidr   = "10.16.0.0/12"
}

# The other account gives the interfaces' ids when it has created them.
premises = {
  vpg_asn = 64514
  dx_asn  = 64515
  hosted_interfaces = {
    primary   = "dxvif-fg7xk3qa"
    secondary = "dxvif-fg9mz2wd"
  }
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
