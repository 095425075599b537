variable "site" {
  description = "What is the company's own, from site.auto.tfvars: its account (the provider refuses any other), its names, Regions and the like."
  type = object({
    account_id          = string
    prefix              = string
    regions             = object({ tokyo = string, osaka = string })
    zones               = object({ tokyo = map(string), osaka = map(string) })
    domain              = string
    zone_id             = string
    record              = bool
    repository          = string
    alarm_subscriptions = map(object({ protocol = string, endpoint = string }))
    connect             = optional(object({ role_arn = string, external_id = string }))
  })

  validation {
    condition     = can(regex("^[0-9]{12}$", var.site.account_id))
    error_message = "site.account_id must have twelve digits."
  }

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.site.domain))
    error_message = "site.domain must be a lower-case domain name."
  }

  validation {
    condition     = length(var.site.alarm_subscriptions) > 0
    error_message = "site.alarm_subscriptions needs at least one, to be notified of alarms."
  }

  validation {
    condition     = var.site.connect == null || try(length(var.site.connect.external_id) >= 8, false)
    error_message = "site.connect.external_id must have at least 8 characters."
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
  description = "What runs, and how: see the module reconciler. Digests are null until an image is pushed to the Region's repository. build_image_digest is that of the Dockerfile's target codebuild, with the shell that CodeBuild needs, in Tokyo. With tasks_for_workspaces a small task asks every few minutes, and starts a larger one for each workspace that is stale. page, which is null for none, is the status page: its address for people, and who may read it (docs/page.md). run.enabled, preview (plans of pull requests) and drift (a daily drift check) are the last steps of docs/bootstrap.md."
  type = object({
    image_digest         = optional(string)
    build_image_digest   = optional(string)
    standby_image_digest = optional(string)
    run                  = optional(object({ enabled = optional(bool, false), schedule = optional(string, "rate(5 minutes)") }), {})
    preview              = optional(bool, false)
    drift                = optional(bool, false)
    tasks_for_workspaces = optional(bool, true)
    settings             = optional(map(string), {})
    page = optional(object({
      url = optional(string)
      readers = optional(object({
        distribution_arns = optional(set(string), [])
        vpc_endpoint_ids  = optional(set(string), [])
      }), {})
    }))
    networks = map(object({
      cidr   = string
      egress = optional(string, "nat")
      zones  = map(object({ public = string, private = optional(string), nat = optional(bool, true) }))
    }))
  })

  validation {
    condition     = length(setsubtract(["osaka", "tokyo"], keys(var.reconciler.networks))) == 0
    error_message = "reconciler.networks must be tokyo and osaka."
  }

  validation {
    condition     = !var.reconciler.preview || try(var.reconciler.networks.tokyo.egress, "nat") == "nat"
    error_message = "reconciler.preview needs a fixed address: egress = \"nat\" in networks.tokyo."
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
