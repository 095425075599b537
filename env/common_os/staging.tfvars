account_id = "210987654321"

# One way out serves all zones.
network = {
  cidr = "10.16.0.0/16"
  asn  = 64513
  zones = {
    a = { id = "apne3-az3", number = 0 }
    b = { id = "apne3-az1", number = 1, nat = false }
  }
}

names = {
  domain  = "shop.staging.example.com"
  zone_id = "Z0JIHGFEDCBA987654321"
}

alarms = {
  operators = { protocol = "email", endpoint = "staging@example.com" }
}

retention_days = 30

tags = {
  Owner       = "platform"
  DataClass   = "internal"
  Environment = "staging"
}
