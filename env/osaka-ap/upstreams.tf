locals {
  # Buckets of the states. Osaka's works when Tokyo is lost.
  states = {
    tokyo = { bucket = "${var.site.prefix}-states-${var.site.account_id}", region = var.site.regions.tokyo }
    osaka = { bucket = "${var.site.prefix}-states-osaka-${var.site.account_id}", region = var.site.regions.osaka }
  }
}

module "common_os" {
  source = "../../modules/upstream"

  name  = "common_os"
  state = merge(local.states.osaka, { key = "common_os/terraform.tfstate" })
}

# Not read once Osaka's database is independent: Tokyo may be lost then.
module "tokyo" {
  source = "../../modules/upstream"
  count  = var.database.replica_of == null ? 0 : 1

  name  = "tokyo"
  state = merge(local.states.tokyo, { key = "tokyo/terraform.tfstate" })
}

# A side's inputs from its Region.
locals {
  home     = "osaka"
  zones    = { for letter, z in var.zones : letter => merge(z, { id = var.site.zones[local.home][letter] }) }
  region   = module.common_os.outputs
  transit  = module.common_os.outputs.transit
  known_to = ["outside", "shared"]

  # Servers use the first database that accepts writes. The near one does so
  # once it is promoted; until then it can only read.
  databases = concat([module.data.database.address], module.tokyo[*].outputs.database.address)
  files     = module.data.files
}
