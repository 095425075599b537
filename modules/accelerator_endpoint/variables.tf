variable "listener_arn" {
  description = "Listener of the accelerator."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:globalaccelerator::[0-9]{12}:accelerator/[^/]+/listener/[^/]+$", var.listener_arn))
    error_message = "listener_arn is the ARN of a listener, not of an accelerator."
  }
}

variable "dials" {
  description = "Percentage of its traffic that each Region takes; the rest goes to the others. A Region that is not listed has no endpoints."
  type        = map(number)
  nullable    = false

  validation {
    condition     = length(var.dials) > 0 && alltrue([for region in keys(var.dials) : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", region))])
    error_message = "dials are by Region, such as ap-northeast-1, at least one."
  }

  validation {
    condition     = alltrue([for dial in var.dials : dial >= 0 && dial <= 100])
    error_message = "A dial is 0 to 100 (percent)."
  }
}

variable "endpoints" {
  description = "Load balancers by a name of your choice: Region, ARN, weight (its share is the weight divided by the sum in its Region; 0 gets no traffic) and whether it sees the clients' addresses."
  type = map(object({
    region             = string
    arn                = string
    weight             = number
    preserve_client_ip = optional(bool, true)
  }))
  nullable = false

  validation {
    condition     = alltrue([for e in var.endpoints : e.weight >= 0 && e.weight <= 255 && floor(e.weight) == e.weight])
    error_message = "A weight is a whole number, 0 to 255."
  }

  validation {
    condition     = alltrue([for e in var.endpoints : can(regex("^arn:[a-z-]+:elasticloadbalancing:${e.region}:[0-9]{12}:loadbalancer/(app|net)/.+$", e.arn))])
    error_message = "An endpoint is the ARN of an application or network load balancer in the endpoint's region."
  }

  validation {
    condition     = alltrue([for e in var.endpoints : contains(keys(var.dials), e.region)])
    error_message = "An endpoint is in a Region that dials does not name: it would take nothing."
  }

  validation {
    condition     = length(distinct([for e in var.endpoints : e.arn])) == length(var.endpoints)
    error_message = "Two endpoints are one load balancer."
  }

  validation {
    condition     = alltrue([for region in keys(var.dials) : length([for e in var.endpoints : e if e.region == region]) <= 10])
    error_message = "A Region takes at most ten endpoints."
  }
}
