variable "name" {
  description = "Name of the load balancer. Changing it replaces the load balancer."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$", var.name)) && !startswith(var.name, "internal-")
    error_message = "name is up to 32 letters, digits and inner hyphens, and does not begin with internal-."
  }
}

variable "vpc_id" {
  description = "VPC of the targets."
  type        = string
}

variable "subnets" {
  description = "Subnets that it stands in by name, one a zone, two or more."
  type = map(object({
    id   = string
    zone = string
  }))
  nullable = false

  validation {
    condition     = length(var.subnets) >= 2 && length(distinct([for s in var.subnets : s.zone])) == length(var.subnets)
    error_message = "subnets are two or more, each in another zone."
  }

  validation {
    condition     = !contains([for s in var.subnets : s.zone], "apne1-az3")
    error_message = "Global Accelerator serves no load balancer in zone apne1-az3."
  }
}

variable "internal" {
  description = "Whether it has private addresses alone. Changing it replaces the load balancer."
  type        = bool
  default     = false
  nullable    = false
}

variable "security_group_ids" {
  description = "Security groups of the load balancer."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.security_group_ids) > 0
    error_message = "Without a security group it would get the VPC's default one."
  }
}

variable "certificate_arn" {
  description = "Certificate, from the load balancer's own Region."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:acm:[a-z0-9-]+:[0-9]{12}:certificate/.+$", var.certificate_arn))
    error_message = "certificate_arn is the ARN of a certificate of ACM."
  }
}

variable "log_bucket" {
  description = "Name of the bucket that access and connection logs go to: with S3's own key, in the same Region."
  type        = string
}

variable "target_groups" {
  description = "Groups of servers by name. name_prefix is up to six characters; drain_seconds is how long a leaving server may finish requests."
  type = map(object({
    name_prefix   = string
    port          = number
    protocol      = optional(string, "HTTP")
    target_type   = optional(string, "instance")
    drain_seconds = optional(number, 60)
    health = optional(object({
      path     = optional(string, "/")
      matcher  = optional(string, "200")
      interval = optional(number, 10)
      timeout  = optional(number, 5)
    }), {})
  }))
  nullable = false

  validation {
    condition     = alltrue([for g in var.target_groups : can(regex("^[A-Za-z0-9][A-Za-z0-9-]{0,5}$", g.name_prefix))])
    error_message = "name_prefix is one to six letters, digits and hyphens, and begins with none."
  }

  validation {
    condition     = alltrue([for g in var.target_groups : contains(["HTTP", "HTTPS"], g.protocol) && contains(["instance", "ip"], g.target_type)])
    error_message = "protocol is HTTP or HTTPS, target_type instance or ip."
  }

  validation {
    condition     = alltrue([for g in var.target_groups : g.health.timeout < g.health.interval])
    error_message = "health.timeout is shorter than health.interval."
  }
}

variable "default_target_group" {
  description = "Name of the target group that gets what no rule sends elsewhere."
  type        = string

  validation {
    condition     = contains(keys(var.target_groups), var.default_target_group)
    error_message = "default_target_group is one of target_groups."
  }
}

variable "rules" {
  description = "Requests that go to other groups, by name: hosts, paths or both, asked in the order of priority."
  type = map(object({
    priority     = number
    target_group = string
    hosts        = optional(set(string))
    paths        = optional(set(string))
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for r in var.rules : contains(keys(var.target_groups), r.target_group)])
    error_message = "A rule's target_group is one of target_groups."
  }

  validation {
    condition     = alltrue([for r in var.rules : r.hosts != null || r.paths != null])
    error_message = "A rule names hosts, paths or both."
  }

  validation {
    condition     = length(distinct([for r in var.rules : r.priority])) == length(var.rules) && alltrue([for r in var.rules : r.priority >= 1 && r.priority <= 50000])
    error_message = "priority is 1 to 50000, and no two rules share one."
  }
}

variable "idle_timeout" {
  description = "Seconds after which an idle connection is closed; servers must use a longer timeout."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.idle_timeout >= 1 && var.idle_timeout <= 4000
    error_message = "idle_timeout is 1 to 4000 seconds."
  }
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete it. Turn it off in an apply of its own before it is to go."
  type        = bool
  default     = true
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
