# The record that proves it is common's, for both Regions.
module "certificate" {
  source = "../../modules/acm"

  domain  = var.site.domain
  zone_id = null
  alarm   = { topic_arns = [module.alarms.arn] }
  tags    = var.tags
}

# For machines that are made by hand. Servers of a side have no key: people
# reach them by Session Manager.
module "keypair" {
  source = "../../modules/keypair"

  name       = "operators"
  public_key = var.site.public_key
  tags       = var.tags
}
