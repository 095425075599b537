# This stays when A and B are built and removed.
module "data" {
  source = "../../modules/application_data"

  name        = "shop"
  vpc         = module.shared.vpc
  clients     = var.clients
  database    = local.database
  files       = var.files
  kms_key_arn = local.common.kms_key_arns.data
  log_groups  = local.common.log_groups
  topic_arns  = [local.common.topic_arn]
  backup_tag  = local.common.backup.tag
  tags        = var.tags
}

# The other Region's database, by its name, as an ARN.
locals {
  source   = "arn:aws:rds:${var.site.regions.osaka}:${var.site.account_id}:db:"
  database = merge(var.database, { replica_of = one([for name in var.database.replica_of[*] : "${local.source}${name}"]) })
}
