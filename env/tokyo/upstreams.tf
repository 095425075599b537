module "common" {
  source = "../../modules/upstream"

  name  = "common"
  state = merge(var.states.tokyo, { key = "common/terraform.tfstate" })
}

module "common_os" {
  source = "../../modules/upstream"

  name  = "common_os"
  state = merge(var.states.osaka, { key = "common_os/terraform.tfstate" })
}

locals {
  common    = module.common.outputs
  common_os = module.common_os.outputs
}
