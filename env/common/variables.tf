variable "account_id" {
  description = "AWS account of the estate; the provider refuses any other."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id is twelve digits."
  }
}

variable "prefix" {
  description = "What names that must be unique in all of AWS begin with."
  type        = string
}

variable "domain" {
  description = "Name of the shop, and the public hosted zone in which it is proven."
  type = object({
    name    = string
    zone_id = string
  })
}

variable "alarm_subscriptions" {
  description = "Who is told of alarms, as the module sns takes it."
  type = map(object({
    protocol = string
    endpoint = string
  }))

  validation {
    condition     = length(var.alarm_subscriptions) > 0
    error_message = "An alarm that nobody hears is none: name at least one subscription."
  }
}

variable "public_key" {
  description = "Public key of the operators, for the day on which Session Manager is down."
  type        = string
}

variable "backups" {
  description = "When backups are made, and how many days they and their copies are kept, as the module backup takes it."
  type = map(object({
    cron           = string
    keep_days      = number
    copy_keep_days = number
  }))
}

variable "webhook" {
  description = "Whether Backlog's webhook starts passes, beside the schedule. Bootstrap's build, the function's program (make lambda) and the token in Secrets Manager must be there first: docs/bootstrap.md."
  type        = bool
}

variable "pipeline" {
  description = "What the webhook's function goes by: repository and branch (those of bootstrap's task), and Backlog's source addresses."
  type = object({
    repository = string
    branch     = optional(string, "main")
    clients    = set(string)
  })

  validation {
    condition     = alltrue([for address in var.pipeline.clients : can(cidrhost("${address}/32", 0))])
    error_message = "pipeline.clients are single IPv4 addresses."
  }
}

variable "tags" {
  description = "Tags of everything: Owner, DataClass, Environment, and others."
  type        = map(string)
}
