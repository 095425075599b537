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

module "common_os" {
  source = "../../modules/upstream"

  name  = "common_os"
  state = merge(local.states.osaka, { key = "common_os/terraform.tfstate" })
}

locals {
  common    = module.common.outputs
  common_os = module.common_os.outputs
}
