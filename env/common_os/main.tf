module "certificate" {
  source = "../../modules/acm"

  domain            = var.names.domain
  alternative_names = var.names.alternative
  zone_id           = var.names.zone_id
  alarm             = { topic_arns = [module.alarms.arn] }
  tags              = var.tags
}

module "key" {
  source = "../../modules/keypair"

  name       = "operators"
  public_key = var.public_key
  tags       = var.tags
}
