variable "name" {
  description = "Name of the group and of its servers. Changing it replaces the group."
  type        = string
}

variable "subnet_ids" {
  description = "Ids of the servers' subnets by name, in two zones or more."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "With subnets of one zone, the zone's end is the service's."
  }
}

variable "size" {
  description = "How many servers there are at least and at most; the group begins with the former."
  type = object({
    min = number
    max = number
  })
  nullable = false

  validation {
    condition     = var.size.min >= 0 && var.size.min <= var.size.max && floor(var.size.min) == var.size.min && floor(var.size.max) == var.size.max
    error_message = "size.min is a whole number from 0 to size.max."
  }
}

variable "launch_template" {
  description = "Template by id, and its version by number: $Latest never starts a refresh, since nothing changes for Terraform."
  type = object({
    id      = string
    version = string
  })
  nullable = false

  validation {
    condition     = !startswith(var.launch_template.version, "$")
    error_message = "launch_template.version is a number: with $Latest or $Default servers would stay as they are."
  }
}

variable "target_group_arns" {
  description = "ARNs of the target groups, by name, that servers join. If there are any, their health checks decide."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "warmup_seconds" {
  description = "How long a server takes until it serves."
  type        = number
  default     = 180
  nullable    = false

  validation {
    condition     = var.warmup_seconds >= 0 && var.warmup_seconds <= 3600
    error_message = "warmup_seconds is 0 to 3600."
  }
}

variable "targets" {
  description = "Scaling targets by name: a predefined metric and its value. ALBRequestCountPerTarget needs a resource_label, app/NAME/ID/targetgroup/NAME/ID."
  type = map(object({
    metric         = string
    value          = number
    resource_label = optional(string)
  }))
  default  = { cpu = { metric = "ASGAverageCPUUtilization", value = 50 } }
  nullable = false

  validation {
    condition = alltrue([for t in var.targets :
      contains(["ALBRequestCountPerTarget", "ASGAverageCPUUtilization", "ASGAverageNetworkIn", "ASGAverageNetworkOut"], t.metric)
    ])
    error_message = "metric is ALBRequestCountPerTarget, ASGAverageCPUUtilization, ASGAverageNetworkIn or ASGAverageNetworkOut."
  }

  validation {
    condition     = alltrue([for t in var.targets : (t.metric == "ALBRequestCountPerTarget") == (t.resource_label != null)])
    error_message = "resource_label belongs to ALBRequestCountPerTarget, and it to no other."
  }
}

variable "schedules" {
  description = "Sizes at set times, by name, in cron's words."
  type = map(object({
    cron      = string
    time_zone = optional(string, "Asia/Tokyo")
    min       = number
    max       = number
    desired   = optional(number)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for s in var.schedules : s.min <= s.max && try(s.desired >= s.min && s.desired <= s.max, s.desired == null)])
    error_message = "A schedule's desired lies between its min and max."
  }

  validation {
    condition     = alltrue([for s in var.schedules : length(regexall("\\S+", s.cron)) == 5])
    error_message = "cron has five fields: minute, hour, day, month, day of the week."
  }
}

variable "lifecycle_hooks" {
  description = "Pauses when a server is launching or terminating (on), by name: for how many seconds, and whether to CONTINUE or ABANDON then."
  type = map(object({
    on      = string
    seconds = optional(number, 300)
    then    = optional(string, "CONTINUE")
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for h in var.lifecycle_hooks : contains(["launching", "terminating"], h.on) && contains(["CONTINUE", "ABANDON"], h.then)])
    error_message = "on is launching or terminating, then is CONTINUE or ABANDON."
  }

  validation {
    condition     = alltrue([for h in var.lifecycle_hooks : h.seconds >= 30 && h.seconds <= 7200])
    error_message = "seconds is 30 to 7200."
  }
}

variable "wait" {
  description = "How long the first apply waits for healthy servers; 0 does not."
  type        = string
  default     = "10m"
  nullable    = false
}

variable "tags" {
  description = "Tags of all resources in the module: Owner, DataClass (public, internal, confidential or restricted), Environment, and others."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for key in ["Owner", "DataClass", "Environment"] : try(length(var.tags[key]) > 0, false)])
    error_message = "tags needs Owner, DataClass and Environment, none of them empty."
  }

  validation {
    condition     = contains(["public", "internal", "confidential", "restricted"], try(var.tags.DataClass, "public"))
    error_message = "The tag DataClass is public, internal, confidential or restricted."
  }
}
