account_id = "123456789012"
prefix     = "example"
zone_id    = "Z0123456789ABCDEFGHIJ"
domain     = "shop.example.com"

alarm_subscriptions = {
  operators = { protocol = "email", endpoint = "operators@example.com" }
}

service_linked_roles = [
  "autoscaling.amazonaws.com",
  "backup.amazonaws.com",
  "ecs.amazonaws.com",
  "elasticfilesystem.amazonaws.com",
  "elasticloadbalancing.amazonaws.com",
  "globalaccelerator.amazonaws.com",
  "ops.apigateway.amazonaws.com",
  "rds.amazonaws.com",
  "transitgateway.amazonaws.com",
]

reconciler = {
  repository = "https://example.backlog.com/git/INFRA/estate.git"
  networks = {
    tokyo = {
      cidr = "10.255.0.0/24"
      zones = {
        a = { id = "apne1-az4", public = "10.255.0.0/28", private = "10.255.0.16/28" }
        c = { id = "apne1-az1", public = "10.255.0.32/28", private = "10.255.0.48/28" }
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

# The role of the other account, which owns the line into our data centre.
connect = {
  role_arn    = "arn:aws:iam::111122223333:role/network-operators"
  external_id = "example-estate-connect"
}

tags = {
  Owner       = "platform"
  DataClass   = "confidential"
  Environment = "production"
}
