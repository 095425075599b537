reconciler = {
  settings = { RECONCILE_ENVIRONMENT = "staging" }
  networks = {
    tokyo = {
      cidr   = "10.255.0.0/24"
      egress = "nat"
      zones = {
        a = { public = "10.255.0.0/28", private = "10.255.0.16/28" }
      }
    }
    osaka = {
      cidr   = "10.255.1.0/24"
      egress = "closed"
      zones = {
        a = { public = "10.255.1.0/28", private = "10.255.1.16/28" }
      }
    }
  }
}

tags = {
  Owner       = "platform"
  DataClass   = "internal"
  Environment = "staging"
}
