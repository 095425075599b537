locals {
  # A side has a share, now or later in this rollout.
  takes = { for name, e in var.endpoints : name => e.standby || lookup(var.to, name, 0) > 0 || var.progress < 100 && lookup(var.from, name, 0) > 0 }

  # Errors of endpoints, in words, for the sides whose states are read.
  wrong = compact([for name, e in var.endpoints : !contains(keys(local.sides), name) ? "" : (
    local.sides[name].mode == "absent" ? "${name} is absent: take it out of endpoints." :
    local.sides[name].mode == "retiring" && local.takes[name] ? "${name} is retiring and takes no traffic: take it out of from, to and standby, or set mode in env/${name} to live." :
    local.sides[name].region != e.region ? "${name} is in ${local.sides[name].region}, not in ${e.region}." :
    e.arn != null && e.arn != local.sides[name].balancer_arn ? "The ARN of ${name} is of an earlier generation: leave it out, or write ${local.sides[name].balancer_arn}." : ""
  )])

  unchecked = sort(setsubtract(keys(var.endpoints), var.read))
}

# Checked before any change.
resource "terraform_data" "checked" {
  input = { for name in keys(var.endpoints) : name => contains(keys(local.sides), name) ? "live, generation ${local.sides[name].generation}" : "not checked" }

  lifecycle {
    precondition {
      condition     = length(local.wrong) == 0
      error_message = join("\n", local.wrong)
    }

    precondition {
      condition     = var.listener_arn == null || local.listener == null || var.listener_arn == local.listener
      error_message = "listener_arn differs from common's output accelerator."
    }
  }
}

check "sides" {
  assert {
    condition     = length(local.unchecked) == 0
    error_message = "Not checked whether these are live, because their states are not read: ${join(", ", local.unchecked)}."
  }
}

check "listener" {
  assert {
    condition     = var.listener_arn != null
    error_message = "listener_arn is not set in estate.auto.tfvars: without it no switchover is possible when Tokyo is lost. Take it from common's output accelerator."
  }
}

# What the number of the rollout means: docs/drill.md.
module "shares" {
  source = "../../modules/accelerator_shares"

  regions   = values(var.site.regions)
  endpoints = { for name, e in var.endpoints : name => { region = e.region, standby = e.standby } }
  from      = var.from
  to        = var.to
  raised    = var.raised
  progress  = var.progress
}

module "endpoints" {
  source = "../../modules/accelerator_endpoint"

  listener_arn = var.listener_arn != null ? var.listener_arn : local.listener
  dials        = module.shares.dials
  endpoints = { for name, e in var.endpoints : name => {
    region = e.region
    weight = module.shares.weights[name]
    arn    = e.arn != null ? e.arn : local.sides[name].balancer_arn
  } }

  depends_on = [terraform_data.checked]
}
