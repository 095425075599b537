# What a number of the rollout means. All of it is arithmetic of whole numbers, so that
# every step can be read in a review, and is the same on the way back.
locals {
  ends = { from = var.from, to = var.to }

  # A Region's dial at either end is the sum of its shares.
  totals = { for end, shares in local.ends : end => { for region in var.regions : region => sum(concat([0], [
    for name, e in var.endpoints : lookup(shares, name, 0) if e.region == region
  ])) } }

  # Raise first, lower next: the groups of two Regions are written in no order. The first
  # half of the way raises dials, the second lowers them, so 50 is the turning point.
  dials = { for region in var.regions : region => contains(var.raised, region) ? 100 : local.totals.to[region] > local.totals.from[region] ?
    local.totals.from[region] + floor((local.totals.to[region] - local.totals.from[region]) * min(var.progress * 2, 100) / 100) :
    local.totals.from[region] - floor((local.totals.from[region] - local.totals.to[region]) * max(var.progress * 2 - 100, 0) / 100)
  }

  # A Region without a share has a dial of 0. Its standby endpoints keep a weight, because
  # failover ignores dials, and no endpoint with a weight of 0.
  end_weights = { for end, shares in local.ends : end => { for name, e in var.endpoints : name =>
    local.totals[end][e.region] > 0 ? lookup(shares, name, 0) : e.standby ? 100 : 0
  } }

  # All weights of a Region are written by one call. Where one end has no share in the
  # Region, the other end's weights hold as long as the dial may be above 0.
  weights = { for name, e in var.endpoints : name =>
    local.totals.from[e.region] == 0 ? local.end_weights[var.progress == 0 ? "from" : "to"][name] :
    local.totals.to[e.region] == 0 ? local.end_weights[var.progress == 100 ? "to" : "from"][name] :
    local.end_weights.to[name] > local.end_weights.from[name] ?
    local.end_weights.from[name] + floor((local.end_weights.to[name] - local.end_weights.from[name]) * var.progress / 100) :
    local.end_weights.from[name] - floor((local.end_weights.from[name] - local.end_weights.to[name]) * var.progress / 100)
  }

  sums = { for region in var.regions : region => sum(concat([0], [for name, e in var.endpoints : local.weights[name] if e.region == region])) }
}
