account_id = "123456789012"
prefix     = "example"

network = {
  cidr = "10.16.0.0/16"
  asn  = 64513
  zones = {
    a = { id = "apne3-az3", number = 0 }
    b = { id = "apne3-az1", number = 1 }
  }
}

inside = { private = "10.0.0.0/8" }
beyond = { premises = "172.16.0.0/12" }

clients = {
  osaka = "10.17.0.0/16"
}

domain = {
  name    = "shop.example.com"
  zone_id = "Z0123456789ABCDEFGHIJ"
}

alarm_subscriptions = {
  operators = { protocol = "email", endpoint = "operators@example.com" }
}

public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAH5w09pUo6oanwlvjClrYQuMBegvDBOzMIRDrgJK+r0 operators@example.com"

tags = {
  Owner       = "platform"
  DataClass   = "confidential"
  Environment = "production"
}
