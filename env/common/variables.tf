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
  description = "Whether Backlog's webhook starts passes, beside the schedule. The function's program (make lambda), the build's image and the token in Secrets Manager must be there first."
  type        = bool
}

variable "pipeline" {
  description = "What the webhook's pipeline needs: repository and branch (those of bootstrap's task), digest of the image of the target codebuild in the repository reconcile, S3 version and base64 SHA-256 of the function's program at webhook/webhook.zip in reconcile's bucket, Backlog's source addresses, and settings of reconcile beside those made here."
  type = object({
    repository   = string
    branch       = optional(string, "main")
    image_digest = optional(string)
    program      = optional(object({ version = string, hash = string }))
    clients      = set(string)
    settings     = optional(map(string), {})
  })

  validation {
    condition     = !var.webhook || can(regex("^sha256:[0-9a-f]{64}$", var.pipeline.image_digest))
    error_message = "With webhook, pipeline.image_digest is that of the pushed image: sha256: and 64 hexadecimal digits."
  }

  validation {
    condition     = !var.webhook || var.pipeline.program != null
    error_message = "With webhook, pipeline.program says which version of webhook/webhook.zip runs: upload what make lambda builds."
  }

  validation {
    condition     = alltrue([for address in var.pipeline.clients : can(cidrhost("${address}/32", 0))])
    error_message = "pipeline.clients are single IPv4 addresses."
  }
}

variable "tags" {
  description = "Tags of everything: Owner, DataClass, Environment, and others."
  type        = map(string)
}
