module "common_os" {
  source = "../../modules/upstream"

  name  = "common_os"
  state = merge(var.states.osaka, { key = "common_os/terraform.tfstate" })
}

# Not read once Osaka's database is independent: Tokyo may be lost then.
module "tokyo" {
  source = "../../modules/upstream"
  count  = var.database.replica_of == null ? 0 : 1

  name  = "tokyo"
  state = merge(var.states.tokyo, { key = "tokyo/terraform.tfstate" })
}

# A side's inputs from its Region.
locals {
  region   = module.common_os.outputs
  transit  = module.common_os.outputs.transit
  known_to = ["outside", "shared"]

  # Servers use the first database that accepts writes. The near one does so
  # once it is promoted; until then it can only read.
  databases = concat([module.data.database.address], module.tokyo[*].outputs.database.address)
  files     = module.data.files
}
