variable "regions" {
  description = "Regions that have an endpoint group, also while no endpoint is in it."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.regions) > 0 && alltrue([for region in var.regions : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", region))])
    error_message = "regions are such as ap-northeast-1, at least one."
  }
}

variable "endpoints" {
  description = "Endpoints by a name of your choice: Region, and whether the endpoint takes over (standby) when its Region has no share and no other Region is healthy."
  type = map(object({
    region  = string
    standby = optional(bool, false)
  }))
  nullable = false

  validation {
    condition     = alltrue([for e in var.endpoints : contains(var.regions, e.region)])
    error_message = "An endpoint is in a Region that regions does not name: it has no group."
  }
}

variable "from" {
  description = "Percentage of all traffic by endpoint, before the rollout: what is in force at progress 0. An endpoint that is not named has 0."
  type        = map(number)
  nullable    = false

  validation {
    condition     = alltrue([for share in var.from : share >= 0 && floor(share) == share]) && sum(concat([0], values(var.from))) == 100
    error_message = "from has whole numbers, at least 0, which add up to 100."
  }

  validation {
    condition     = length(setsubtract(keys(var.from), keys(var.endpoints))) == 0
    error_message = "from names what is not in endpoints: ${join(", ", setsubtract(keys(var.from), keys(var.endpoints)))}."
  }
}

variable "to" {
  description = "Percentage of all traffic by endpoint, after the rollout: what is in force at progress 100. An endpoint that is not named has 0."
  type        = map(number)
  nullable    = false

  validation {
    condition     = alltrue([for share in var.to : share >= 0 && floor(share) == share]) && sum(concat([0], values(var.to))) == 100
    error_message = "to has whole numbers, at least 0, which add up to 100."
  }

  validation {
    condition     = length(setsubtract(keys(var.to), keys(var.endpoints))) == 0
    error_message = "to names what is not in endpoints: ${join(", ", setsubtract(keys(var.to), keys(var.endpoints)))}."
  }
}

variable "raised" {
  description = "Regions whose dial is 100 at every number: so that an apply without steps raises others, and lowers none. Only a Region without endpoints, or one that has a share in from."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(setsubtract(var.raised, var.regions)) == 0
    error_message = "raised must be among regions."
  }

  validation {
    condition = alltrue([for region in var.raised :
      alltrue([for e in var.endpoints : e.region != region]) || anytrue([for name, e in var.endpoints : e.region == region && lookup(var.from, name, 0) > 0])
    ])
    error_message = "A Region in raised has endpoints and no share in from: take it out of raised, lest it get traffic."
  }
}

variable "progress" {
  description = "How far the rollout is, in percent. Weights in a Region move all the way. Dials are raised until 50, and lowered after it."
  type        = number
  default     = 100
  nullable    = false

  validation {
    condition     = var.progress >= 0 && var.progress <= 100 && floor(var.progress) == var.progress
    error_message = "progress is a whole number, 0 to 100."
  }
}
