# The data are in the shared VPC and stay when the side is absent.
module "data" {
  source = "../../modules/application_data"

  name = "shop"
  vpc = {
    id           = module.common_os.outputs.vpc.id
    data_subnets = { for zone, z in var.zones : zone => { id = module.common_os.outputs.vpc.data_subnets[zone].id, zone = z.id } }
  }
  clients     = merge({ osaka = var.cidr }, var.clients)
  database    = var.database
  files       = var.files
  kms_key_arn = local.region.kms_key_arns.data
  topic_arns  = [local.region.topic_arn]
  tags        = merge(var.tags, { DataClass = "confidential" })
}
