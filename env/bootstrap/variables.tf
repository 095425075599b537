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

variable "zone_id" {
  description = "Public hosted zone of the domain. There common alone writes records: those that prove certificates, and that of domain."
  type        = string
}

variable "domain" {
  description = "Name whose record common may point to the accelerator; null: operators write that record."
  type        = string
  default     = null

  validation {
    condition     = var.domain == null || can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "domain must be a lower-case domain name."
  }
}

variable "alarm_subscriptions" {
  description = "Subscriptions that are notified when no pass completes or a workspace fails, in the form of the module sns."
  type = map(object({
    protocol = string
    endpoint = string
  }))

  validation {
    condition     = length(var.alarm_subscriptions) > 0
    error_message = "At least one subscription is needed, to be notified when the reconciler stops."
  }
}

variable "service_linked_roles" {
  description = "Services whose service-linked roles are created here. Leave out those that the account already has: aws iam list-roles --path-prefix /aws-service-role/."
  type        = set(string)

  validation {
    condition     = alltrue([for service in var.service_linked_roles : endswith(service, ".amazonaws.com")])
    error_message = "service_linked_roles must be services such as autoscaling.amazonaws.com."
  }
}

variable "reconciler" {
  description = "What runs, and how: see the module reconciler. Digests are null until an image is pushed to the Region's repository. build_image_digest is that of the Dockerfile's target codebuild, with the shell that CodeBuild needs, in Tokyo. run.enabled, preview (plans of pull requests) and drift (a daily drift check) are the last steps of docs/bootstrap.md."
  type = object({
    repository           = string
    image_digest         = optional(string)
    build_image_digest   = optional(string)
    standby_image_digest = optional(string)
    run                  = optional(object({ enabled = optional(bool, false), schedule = optional(string, "rate(5 minutes)") }), {})
    preview              = optional(bool, false)
    drift                = optional(bool, false)
    settings             = optional(map(string), {})
    networks = map(object({
      cidr  = string
      zones = map(object({ id = string, public = string, private = string }))
    }))
  })

  validation {
    condition     = length(setsubtract(["osaka", "tokyo"], keys(var.reconciler.networks))) == 0
    error_message = "reconciler.networks must be tokyo and osaka."
  }
}

variable "connect" {
  description = "Role in the account that owns the Direct Connect connection, and the external id that it sends; null if this account owns the connection."
  type = object({
    role_arn    = string
    external_id = string
  })
  default = null

  validation {
    condition     = var.connect == null || try(length(var.connect.external_id) >= 8, false)
    error_message = "connect.external_id must have at least 8 characters."
  }
}

variable "tags" {
  description = "Tags of all resources: Owner, DataClass, Environment, and others."
  type        = map(string)
}

locals {
  # States contain secrets.
  restricted = merge(var.tags, { DataClass = "restricted" })
}
