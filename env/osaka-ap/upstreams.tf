module "common_os" {
  source = "../../modules/upstream"

  name  = "common_os"
  state = merge(var.states.osaka, { key = "common_os/terraform.tfstate" })
}

# Once Osaka's database stands on its own, Tokyo may be gone.
module "tokyo" {
  source = "../../modules/upstream"
  count  = var.database.replica_of == null ? 0 : 1

  name  = "tokyo"
  state = merge(var.states.tokyo, { key = "tokyo/terraform.tfstate" })
}

# What a side takes from its Region.
locals {
  region   = module.common_os.outputs
  transit  = module.common_os.outputs.transit
  known_to = ["outside", "shared"]

  # Servers look for one that takes writes, in this order: the near one does
  # once it is promoted, and until then reads.
  databases = concat([module.data.database.address], module.tokyo[*].outputs.database.address)
  files     = module.data.files
}
