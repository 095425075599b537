module "certificate" {
  source = "../../modules/acm"

  domain  = var.domain.name
  zone_id = var.domain.zone_id
  alarm   = { topic_arns = [module.alarms.arn] }
  tags    = var.tags
}

module "keypair" {
  source = "../../modules/keypair"

  name       = "operators"
  public_key = var.public_key
  tags       = var.tags
}
