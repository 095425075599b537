variable "site" {
  description = "What is the company's own, from site.auto.tfvars: its account (the provider refuses any other), its names, Regions and the like."
  type = object({
    account_id          = string
    prefix              = string
    regions             = object({ tokyo = string, osaka = string })
    domain              = string
    zone_id             = string
    record              = bool
    repository          = string
    alarm_subscriptions = map(object({ protocol = string, endpoint = string }))
    public_key          = string
  })

  validation {
    condition     = can(regex("^[0-9]{12}$", var.site.account_id))
    error_message = "site.account_id must have twelve digits."
  }

  validation {
    condition     = length(var.site.alarm_subscriptions) > 0
    error_message = "site.alarm_subscriptions needs at least one, to be notified of alarms."
  }
}

variable "backups" {
  description = "Schedule of backups, and how many days backups and copies are retained, in the form of the module backup."
  type = map(object({
    cron           = string
    keep_days      = number
    copy_keep_days = number
  }))
}

variable "databases" {
  description = "Databases of this Region whose logs are kept, by name: how many generations have log groups, and which logs. A database whose log groups are missing is refused."
  type = map(object({
    generations = number
    logs        = set(string)
  }))

  validation {
    condition     = alltrue([for d in var.databases : d.generations >= 1 && floor(d.generations) == d.generations])
    error_message = "databases.NAME.generations must be a whole number from 1 on."
  }
}

variable "webhook" {
  description = "Whether Backlog's webhook starts passes, in addition to the schedule. Bootstrap's build, the function's program (make lambda) and the token in Secrets Manager must exist first: docs/bootstrap.md."
  type        = bool
}

variable "pipeline" {
  description = "Settings of the webhook's function: branch (that of bootstrap's task), and Backlog's source addresses."
  type = object({
    branch  = optional(string, "main")
    clients = set(string)
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
