variable "kms_key_arn" {
  description = "Customer-managed key of the log groups, which logs.amazonaws.com may use; needed if there are any."
  type        = string
  default     = null

  validation {
    condition     = length(var.log_groups) == 0 || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "With log_groups, kms_key_arn is the ARN of a key, not an id or alias."
  }
}

variable "log_groups" {
  description = "Log groups by name, and the days that they retain logs. With skip_destroy, a group that is removed here stays in AWS."
  type = map(object({
    days         = optional(number, 400)
    skip_destroy = optional(bool, true)
  }))
  default  = {}
  nullable = false

  validation {
    condition = alltrue([for g in var.log_groups : contains(
      [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], g.days
    )])
    error_message = "days is a number that CloudWatch knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731 or more years."
  }
}

variable "alarms" {
  description = "Alarms by name: a metric; `when` it is above or below its threshold, `times` `of` that many periods; the meaning of a missing value; a description that says what to do; and whether it notifies."
  type = map(object({
    description = string
    namespace   = string
    metric      = string
    dimensions  = optional(map(string), {})
    statistic   = optional(string, "Sum")
    percentile  = optional(string)
    period      = optional(number, 60)
    times       = optional(number, 3)
    of          = optional(number, 3)
    when        = optional(string, ">")
    threshold   = number
    missing     = optional(string, "notBreaching")
    enabled     = optional(bool, true)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for a in var.alarms : length(a.description) >= 20])
    error_message = "description must say what to do when the alarm is raised: more than one word."
  }

  validation {
    condition     = alltrue([for a in var.alarms : contains([">", ">=", "<", "<="], a.when)])
    error_message = "when is >, >=, < or <=."
  }

  validation {
    condition     = alltrue([for a in var.alarms : contains(["breaching", "notBreaching", "ignore", "missing"], a.missing)])
    error_message = "missing is breaching, notBreaching, ignore or missing."
  }

  validation {
    condition     = alltrue([for a in var.alarms : contains(["Average", "Maximum", "Minimum", "SampleCount", "Sum"], a.statistic) && (a.percentile == null || can(regex("^p[0-9]{1,2}(\\.[0-9]+)?$", a.percentile)))])
    error_message = "statistic is Average, Maximum, Minimum, SampleCount or Sum; percentile is one such as p99."
  }

  validation {
    condition     = alltrue([for a in var.alarms : contains([10, 20, 30], a.period) || (a.period >= 60 && a.period % 60 == 0)])
    error_message = "period is 10, 20, 30 or whole minutes."
  }

  validation {
    condition     = alltrue([for a in var.alarms : a.times >= 1 && a.times <= a.of && a.of * a.period <= 604800])
    error_message = "times is 1 to of, and all periods together no more than a week."
  }
}

variable "topic_arns" {
  description = "Topics of the alarms' Region that are told, and told again when all is well."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.alarms) == 0 || length(var.topic_arns) > 0
    error_message = "Alarms need topic_arns to notify."
  }
}

variable "dashboard" {
  description = "Name of a dashboard with all the alarms; none if null."
  type        = string
  default     = null

  validation {
    condition     = var.dashboard == null || can(regex("^[A-Za-z0-9_-]{1,255}$", var.dashboard)) && length(var.alarms) > 0
    error_message = "dashboard must have letters, digits, _ and -, and needs at least one alarm."
  }
}

variable "graphs" {
  description = "Further graphs of the dashboard, in addition to those of the alarms, by title: metrics of one namespace, without dimensions, each with its statistic."
  type = map(object({
    namespace = string
    metrics   = map(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length(var.graphs) == 0 || var.dashboard != null
    error_message = "graphs are shown on a dashboard: name one."
  }
}

variable "region" {
  description = "Region, if it is not the provider's. Changing it replaces all resources."
  type        = string
  default     = null
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
