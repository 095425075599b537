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

# A side's inputs from its Region.
locals {
  region   = module.common.outputs
  transit  = module.tokyo.outputs.transit
  known_to = ["shared"]

  # Servers use the first database that accepts writes.
  databases = [module.tokyo.outputs.database.address]
  files     = module.tokyo.outputs.files
}
