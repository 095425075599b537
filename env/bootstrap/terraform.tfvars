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

# How the networks go out, and what that costs: docs/cost.md.
reconciler = {
  networks = {
    tokyo = {
      cidr   = "10.255.0.0/24"
      egress = "nat" # one fixed address; or public, if Backlog has no allow-list
      zones = {
        a = { public = "10.255.0.0/28", private = "10.255.0.16/28" }
        c = { public = "10.255.0.32/28", private = "10.255.0.48/28", nat = false }
      }
    }
    osaka = {
      cidr   = "10.255.1.0/24"
      egress = "closed" # its address is kept; standby_egress in env/common_os opens it
      zones = {
        a = { public = "10.255.1.0/28", private = "10.255.1.16/28" }
      }
    }
  }
}

tags = {
  Owner       = "platform"
  DataClass   = "confidential"
  Environment = "production"
}
