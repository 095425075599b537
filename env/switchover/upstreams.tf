# A switchover needs none of these if the values are set: Tokyo may be lost.

locals {
  states = {
    tokyo = { bucket = "${var.site.prefix}-states-${var.site.account_id}", region = var.site.regions.tokyo }
    osaka = { bucket = "${var.site.prefix}-states-osaka-${var.site.account_id}", region = var.site.regions.osaka }
  }
}

module "common" {
  source = "../../modules/upstream"
  count  = contains(var.read, "common") ? 1 : 0

  name  = "common"
  state = merge(local.states.tokyo, { key = "common/terraform.tfstate" })
}

module "tokyo_ap_a" {
  source = "../../modules/upstream"
  count  = contains(var.read, "tokyo-ap-A") ? 1 : 0

  name  = "tokyo-ap-A"
  state = merge(local.states.tokyo, { key = "tokyo-ap-A/terraform.tfstate" })
}

module "tokyo_ap_b" {
  source = "../../modules/upstream"
  count  = contains(var.read, "tokyo-ap-B") ? 1 : 0

  name  = "tokyo-ap-B"
  state = merge(local.states.tokyo, { key = "tokyo-ap-B/terraform.tfstate" })
}

module "osaka_ap" {
  source = "../../modules/upstream"
  count  = contains(var.read, "osaka-ap") ? 1 : 0

  name  = "osaka-ap"
  state = merge(local.states.osaka, { key = "osaka-ap/terraform.tfstate" })
}

locals {
  listener = one(module.common[*].outputs.accelerator.listener_arn)

  # The sides' own outputs, without those that are not read.
  sides = merge(
    { for upstream in module.tokyo_ap_a : "tokyo-ap-A" => upstream.outputs.side },
    { for upstream in module.tokyo_ap_b : "tokyo-ap-B" => upstream.outputs.side },
    { for upstream in module.osaka_ap : "osaka-ap" => upstream.outputs.side },
  )
}
