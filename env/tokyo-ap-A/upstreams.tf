locals {
  # Buckets of the states. Osaka's works when Tokyo is lost.
  states = {
    tokyo = { bucket = "${var.site.prefix}-states-${var.site.account_id}", region = var.site.regions.tokyo }
    osaka = { bucket = "${var.site.prefix}-states-osaka-${var.site.account_id}", region = var.site.regions.osaka }
  }
}

module "common" {
  source = "../../modules/upstream"

  name  = "common"
  state = merge(local.states.tokyo, { key = "common/terraform.tfstate" })
}

module "tokyo" {
  source = "../../modules/upstream"

  name  = "tokyo"
  state = merge(local.states.tokyo, { key = "tokyo/terraform.tfstate" })
}

# A side's inputs from its Region.
locals {
  home     = "tokyo"
  zones    = { for letter, z in var.zones : letter => merge(z, { id = var.site.zones[local.home][letter] }) }
  region   = module.common.outputs
  transit  = module.tokyo.outputs.transit
  known_to = ["shared"]

  # Servers use the first database that accepts writes.
  databases = [module.tokyo.outputs.database.address]
  files     = module.tokyo.outputs.files
}
