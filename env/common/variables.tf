variable "account_id" {
  description = "AWS account of the infrastructure; the provider refuses any other."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must have twelve digits."
  }
}

variable "prefix" {
  description = "Prefix of names that must be unique in all of AWS."
  type        = string
}

variable "domain" {
  description = "Name of the shop, its public hosted zone, and whether its records point to the accelerator. Before record is true, bootstrap must have the name as its domain."
  type = object({
    name    = string
    zone_id = string
    record  = optional(bool, false)
  })
}

variable "alarm_subscriptions" {
  description = "Subscriptions that are notified of alarms, in the form of the module sns."
  type = map(object({
    protocol = string
    endpoint = string
  }))

  validation {
    condition     = length(var.alarm_subscriptions) > 0
    error_message = "At least one subscription is needed, to be notified of alarms."
  }
}

variable "public_key" {
  description = "Public key of the operators, for the case that Session Manager is down."
  type        = string
}

variable "backups" {
  description = "Schedule of backups, and how many days backups and copies are retained, in the form of the module backup."
  type = map(object({
    cron           = string
    keep_days      = number
    copy_keep_days = number
  }))
}

variable "webhook" {
  description = "Whether Backlog's webhook starts passes, in addition to the schedule. Bootstrap's build, the function's program (make lambda) and the token in Secrets Manager must exist first: docs/bootstrap.md."
  type        = bool
}

variable "pipeline" {
  description = "Settings of the webhook's function: repository and branch (those of bootstrap's task), and Backlog's source addresses."
  type = object({
    repository = string
    branch     = optional(string, "main")
    clients    = set(string)
  })

  validation {
    condition     = alltrue([for address in var.pipeline.clients : can(cidrhost("${address}/32", 0))])
    error_message = "pipeline.clients must be single IPv4 addresses."
  }
}

variable "tags" {
  description = "Tags of all resources: Owner, DataClass, Environment, and others."
  type        = map(string)
}
