account_id = "210987654321"

# One NAT gateway serves all zones.
network = {
  cidr = "10.16.0.0/16"
  asn  = 64513
  zones = {
    a = { id = "apne3-az3", number = 0 }
    b = { id = "apne3-az1", number = 1, nat = false }
  }
}

premises = null

domain = "shop.staging.example.com"

tags = {
  Owner       = "platform"
  DataClass   = "internal"
  Environment = "staging"
}
