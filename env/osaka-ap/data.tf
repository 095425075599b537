# The data are in the shared VPC and stay when the side is absent.
module "data" {
  source = "../../modules/application_data"

  name = "shop"
  vpc = {
    id           = module.common_os.outputs.vpc.id
    data_subnets = { for zone, z in local.zones : zone => { id = module.common_os.outputs.vpc.data_subnets[zone].id, zone = z.id } }
  }
  clients     = merge({ osaka = var.cidr }, var.clients)
  database    = local.database
  files       = var.files
  kms_key_arn = local.region.kms_key_arns.data
  log_groups  = local.region.log_groups
  topic_arns  = [local.region.topic_arn]
  tags        = merge(var.tags, { DataClass = "confidential" })
}

# The other Region's database, by its name, as an ARN.
locals {
  source   = "arn:aws:rds:${var.site.regions.tokyo}:${var.site.account_id}:db:"
  database = merge(var.database, { replica_of = one([for name in var.database.replica_of[*] : "${local.source}${name}"]) })
}
