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
  networks = {
    tokyo = {
      cidr = "10.255.0.0/24"
      zones = {
        a = { public = "10.255.0.0/28", private = "10.255.0.16/28" }
        c = { public = "10.255.0.32/28", private = "10.255.0.48/28" }
      }
    }
    osaka = {
      cidr = "10.255.1.0/24"
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
