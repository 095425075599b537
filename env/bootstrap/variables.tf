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

variable "zone_id" {
  description = "Public hosted zone in which certificates are proven: common and common_os write there, and only proofs."
  type        = string
}

variable "alarm_subscriptions" {
  description = "Who is told when no pass completes or a workspace fails, as the module sns takes it."
  type = map(object({
    protocol = string
    endpoint = string
  }))

  validation {
    condition     = length(var.alarm_subscriptions) > 0
    error_message = "A reconciler that stands still must tell somebody: name at least one subscription."
  }
}

variable "service_linked_roles" {
  description = "Services whose own roles are made here. Leave out those that the account has already: aws iam list-roles --path-prefix /aws-service-role/."
  type        = set(string)

  validation {
    condition     = alltrue([for service in var.service_linked_roles : endswith(service, ".amazonaws.com")])
    error_message = "service_linked_roles are services such as autoscaling.amazonaws.com."
  }
}

variable "reconciler" {
  description = "What runs, and how: see the module reconciler. Digests are null until an image is pushed to the Region's repository (build_image_digest is of the Dockerfile's target codebuild, which has a shell, as CodeBuild needs one; in Tokyo); run.enabled, preview, which plans pull requests, and drift, which looks for it once a day, are the last steps of docs/bootstrap.md."
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
    error_message = "reconciler.networks are tokyo and osaka."
  }
}

variable "connect" {
  description = "Role of the account that owns the Direct Connect connection, and the external id that it says; null if this account owns it."
  type = object({
    role_arn    = string
    external_id = string
  })
  default = null

  validation {
    condition     = var.connect == null || try(length(var.connect.external_id) >= 8, false)
    error_message = "connect.external_id is at least 8 characters."
  }
}

variable "tags" {
  description = "Tags of everything: Owner, DataClass, Environment, and others."
  type        = map(string)
}

locals {
  # States hold what nobody else may see.
  restricted = merge(var.tags, { DataClass = "restricted" })
}
