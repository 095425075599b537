module "common" {
  source = "../../modules/upstream"

  name  = "common"
  state = merge(var.states.tokyo, { key = "common/terraform.tfstate" })
}

module "tokyo" {
  source = "../../modules/upstream"

  name  = "tokyo"
  state = merge(var.states.tokyo, { key = "tokyo/terraform.tfstate" })
}

# What a side takes from its Region.
locals {
  region   = module.common.outputs
  transit  = module.tokyo.outputs.transit
  known_to = ["shared"]

  # Servers look for one that takes writes, in this order.
  databases = [module.tokyo.outputs.database.address]
  files     = module.tokyo.outputs.files
}
