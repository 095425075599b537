account_id = "210987654321"
zone_id    = "Z0987654321JIHGFEDCBA"
domain     = "shop.staging.example.com"

reconciler = {
  repository = "https://example.backlog.com/git/INFRA/estate.git"
  settings   = { RECONCILE_ENVIRONMENT = "staging" }
  networks = {
    tokyo = {
      cidr = "10.255.0.0/24"
      zones = {
        a = { id = "apne1-az4", public = "10.255.0.0/28", private = "10.255.0.16/28" }
      }
    }
    osaka = {
      cidr = "10.255.1.0/24"
      zones = {
        a = { id = "apne3-az3", public = "10.255.1.0/28", private = "10.255.1.16/28" }
      }
    }
  }
}

connect = null

tags = {
  Owner       = "platform"
  DataClass   = "internal"
  Environment = "staging"
}
