# The workspaces: the location of each state, the states that it reads, the
# services that it uses (services_*.tf have their permissions), and the names of
# its resources in ARNs.
locals {
  workspaces = {
    common = {
      home     = "tokyo"
      reads    = []
      services = ["accelerator", "alarms", "backup", "buckets", "certificate", "key_pair", "keys", "log_groups", "records", "rest_api", "roles", "topics", "webhook"]
      names    = []
      alarms   = ["certificate-expiry-*"]
      groups   = ["/aws/apigateway/welcome", "/aws/rds/instance/shop*", "/reconcile/webhook", "/shop/servers"]
      passes = {
        "ec2.amazonaws.com"        = ["estate/shop-servers"]
        "backup.amazonaws.com"     = ["estate/estate-backup"]
        "s3.amazonaws.com"         = ["estate/logs-replication"]
        "apigateway.amazonaws.com" = ["reconcile/reconcile-api-logs"]
        "lambda.amazonaws.com"     = ["reconcile/reconcile-webhook"]
      }
    }
    common_os = {
      home     = "osaka"
      reads    = []
      services = ["alarms", "backup", "buckets", "certificate", "gateway", "http_api", "key_pair", "keys", "log_groups", "network", "topics", "transit", "webhook"]
      names    = []
      alarms   = ["certificate-expiry-*", "osaka-*"]
      groups   = ["/aws/rds/instance/shop*", "/reconcile/standby-api", "/reconcile/standby-webhook", "/shop/servers"]
      passes   = { "lambda.amazonaws.com" = ["reconcile/reconcile-standby-webhook"] }
    }
    tokyo = {
      home     = "tokyo"
      reads    = ["common", "common_os"]
      services = ["alarms", "database", "files", "gateway", "network", "peering", "premises", "transit"]
      names    = ["shop"]
      alarms   = ["shop-*", "tokyo-*"]
      groups   = []
      passes   = {}
    }
    osaka-ap = {
      home     = "osaka"
      reads    = ["common_os", "tokyo"]
      services = ["alarms", "balancer", "database", "files", "network", "servers", "transit"]
      names    = ["shop", "shop-osaka"]
      alarms   = ["shop-*"]
      groups   = []
      passes   = { "ec2.amazonaws.com" = ["estate/shop-servers"] }
    }
    tokyo-ap-A = {
      home     = "tokyo"
      reads    = ["common", "tokyo"]
      services = ["alarms", "balancer", "network", "servers", "transit"]
      names    = ["shop-a"]
      alarms   = ["shop-a-*"]
      groups   = []
      passes   = { "ec2.amazonaws.com" = ["estate/shop-servers"] }
    }
    tokyo-ap-B = {
      home     = "tokyo"
      reads    = ["common", "tokyo"]
      services = ["alarms", "balancer", "network", "servers", "transit"]
      names    = ["shop-b"]
      alarms   = ["shop-b-*"]
      groups   = []
      passes   = { "ec2.amazonaws.com" = ["estate/shop-servers"] }
    }
    switchover = {
      home     = "osaka"
      reads    = ["common", "osaka-ap", "tokyo-ap-A", "tokyo-ap-B"]
      services = ["endpoints"]
      names    = []
      alarms   = []
      groups   = []
      passes   = {}
    }
  }

  # bootstrap has a plan role but no apply role: a role that applies it could do
  # anything.
  bootstrap = { home = "tokyo", reads = [] }

  plan_roles      = [for name in keys(local.homes) : "arn:aws:iam::${var.site.account_id}:role/reconcile/plan-${name}"]
  workspace_roles = concat(local.plan_roles, [for name in keys(local.workspaces) : "arn:aws:iam::${var.site.account_id}:role/reconcile/apply-${name}"])
}
