# Shared resources: keys, log buckets, the alarm topic, the servers' role, the
# certificate and the addresses that clients use. None of them is removed with a
# side.

locals {
  # The second Region: it has the copies, and takes over when Tokyo is lost.
  far = var.site.regions.osaka

  # By name, because bootstrap creates it and its state is not read here. So a
  # change of bootstrap that waits for a person blocks nothing.
  boundary_arn = "arn:aws:iam::${var.site.account_id}:policy/reconcile/estate-boundary"
}

module "key" {
  source = "../../modules/kms"
  for_each = {
    data = {
      description = "Volumes, databases and files"
      services    = []
      # Auto Scaling launches servers with encrypted volumes.
      grantees = ["arn:aws:iam::${var.site.account_id}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"]
    }
    logs = {
      description = "Logs"
      services    = ["delivery.logs.amazonaws.com", "logs.amazonaws.com"]
      grantees    = []
    }
    backup = {
      description = "Backups"
      services    = ["backup.amazonaws.com"]
      grantees    = []
    }
  }

  name        = "estate/${each.key}"
  description = each.value.description
  services    = each.value.services
  grantees    = each.value.grantees
  tags        = var.tags
}

module "alarms" {
  source = "../../modules/sns"

  name          = "alarms"
  publishers    = ["backup.amazonaws.com", "cloudwatch.amazonaws.com"]
  subscriptions = var.site.alarm_subscriptions
  tags          = var.tags
}

# For machines that are made by hand. Servers of a side have no key: people
# reach them by Session Manager.
module "keypair" {
  source = "../../modules/keypair"

  name       = "operators"
  public_key = var.site.public_key
  tags       = var.tags
}

module "certificate" {
  source = "../../modules/acm"

  domain  = var.site.domain
  zone_id = var.site.zone_id
  alarm   = { topic_arns = [module.alarms.arn] }
  tags    = var.tags
}

module "accelerator" {
  source = "../../modules/accelerator"

  name      = "shop"
  flow_logs = { bucket = module.logs["flow"].name }
  tags      = var.tags
}

# Clients find the accelerator by the shop's name.
resource "aws_route53_record" "shop" {
  for_each = var.site.record ? toset(["A"]) : toset([])

  zone_id = var.site.zone_id
  name    = var.site.domain
  type    = each.key

  alias {
    name                   = module.accelerator.dns_name
    zone_id                = module.accelerator.hosted_zone_id
    evaluate_target_health = false # Global Accelerator decides by itself
  }
}

# Servers of every side, in both Regions: IAM is global.
module "servers" {
  source = "../../modules/iam"

  name                 = "shop-servers"
  path                 = "/estate/"
  description          = "Servers of the shop"
  permissions_boundary = local.boundary_arn
  trust                = { services = ["ec2.amazonaws.com"] }
  managed_policies     = { ssm = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore" }
  statements = {
    WriteLogs = {
      actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
      resources = ["arn:aws:logs:*:${var.site.account_id}:log-group:/shop/*"]
    }
    # As the user shop of the databases, who has no password.
    SignInToDatabase = {
      actions   = ["rds-db:connect"]
      resources = ["arn:aws:rds-db:*:${var.site.account_id}:dbuser:*/shop"]
    }
    MountFiles = {
      actions    = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
      resources  = ["arn:aws:elasticfilesystem:*:${var.site.account_id}:file-system/*"]
      conditions = { Bool = { "elasticfilesystem:AccessedViaMountTarget" = ["true"] } }
    }
    # The file system is in the shared VPC, and its DNS name resolves only
    # there. So the EFS client looks up the address in its own zone (EFS User
    # Guide, "Mounting from another VPC").
    FindFiles = {
      actions   = ["elasticfilesystem:DescribeMountTargets"]
      resources = ["arn:aws:elasticfilesystem:*:${var.site.account_id}:file-system/*"]
    }
    # This action supports no resource.
    FindZone = {
      actions   = ["ec2:DescribeAvailabilityZones"]
      resources = ["*"]
    }
  }
  tags = var.tags
}
