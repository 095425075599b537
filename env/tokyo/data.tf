# This stays when A and B are built and removed.
module "data" {
  source = "../../modules/application_data"

  name        = "shop"
  vpc         = module.shared.vpc
  clients     = var.clients
  database    = var.database
  files       = var.files
  kms_key_arn = local.common.kms_key_arns.data
  topic_arns  = [local.common.topic_arn]
  backup_tag  = local.common.backup.tag
  tags        = var.tags
}
