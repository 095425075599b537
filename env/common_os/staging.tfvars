# One NAT gateway serves all zones.
network = {
  cidr = "10.16.0.0/16"
  asn  = 64513
  zones = {
    a = { number = 0 }
    b = { number = 1, nat = false }
  }
}

premises = null

tags = {
  Owner       = "platform"
  DataClass   = "internal"
  Environment = "staging"
}
