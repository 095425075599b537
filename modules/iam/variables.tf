variable "name" {
  description = "Name of the role. Changing it replaces the role."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.name))
    error_message = "name is 1 to 64 letters, digits and +=,.@_-."
  }
}

variable "path" {
  description = "Path of the role, by which policies can name it and its like."
  type        = string
  default     = "/"
  nullable    = false

  validation {
    condition     = can(regex("^/([A-Za-z0-9._-]+/)*$", var.path))
    error_message = "path begins and ends with a slash."
  }
}

variable "description" {
  description = "What the role is for."
  type        = string
}

variable "trust" {
  description = "Who may assume the role: services by principal, roles by ARN, with an external id if they are in another account; people: users of this account, with MFA and with their user's name as the session's."
  type = object({
    services    = optional(set(string), [])
    roles       = optional(set(string), [])
    external_id = optional(string)
    people      = optional(bool, false)
  })
  nullable = false

  validation {
    condition     = length(var.trust.services) + length(var.trust.roles) > 0 || var.trust.people
    error_message = "trust must name at least one principal."
  }

  validation {
    condition     = alltrue([for service in var.trust.services : can(regex("^[a-z0-9.-]+\\.amazonaws\\.com$", service))])
    error_message = "trust.services are principals such as lambda.amazonaws.com."
  }

  validation {
    condition     = alltrue([for arn in var.trust.roles : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[^*?]+$", arn))])
    error_message = "trust.roles are ARNs of single roles: not of users, accounts or patterns."
  }
}

variable "statements" {
  description = "Permissions of the role, by the statement's name. A wildcard action, or changes on all resources, need a reason, for example that AWS offers nothing narrower. A Deny may name the resources that it excludes instead: not_resources."
  type = map(object({
    effect        = optional(string, "Allow")
    actions       = set(string)
    resources     = optional(set(string), [])
    not_resources = optional(set(string), [])
    conditions    = optional(map(map(set(string))), {})
    reason        = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for sid, s in var.statements : can(regex("^[A-Za-z0-9]+$", sid))])
    error_message = "A statement's name is of letters and digits."
  }

  validation {
    condition     = alltrue([for s in var.statements : contains(["Allow", "Deny"], s.effect)])
    error_message = "effect is Allow or Deny."
  }

  validation {
    condition     = alltrue([for s in var.statements : length(s.actions) > 0 && (length(s.resources) > 0) != (length(s.not_resources) > 0)])
    error_message = "A statement names actions and resources."
  }

  validation {
    condition     = alltrue([for s in var.statements : length(s.not_resources) == 0 || s.effect == "Deny"])
    error_message = "Everything but a few resources is too much to allow: not_resources are a Deny's."
  }

  validation {
    condition     = !anytrue([for s in var.statements : anytrue([for a in s.actions : a == "*" || endswith(a, ":*")]) if s.effect == "Allow" && s.reason == null])
    error_message = "A statement allows every action of a service, and gives no reason."
  }

  validation {
    condition = !anytrue([for s in var.statements : contains(s.resources, "*") && !alltrue([for a in s.actions :
      can(regex("^[a-z0-9-]+:(BatchGet|Describe|Get|List)", a))
    ]) if s.effect == "Allow" && s.reason == null])
    error_message = "A statement allows changes on every resource, and gives no reason."
  }

  validation {
    condition = alltrue([for s in var.statements :
      !contains(s.resources, "*") && anytrue([for test in s.conditions : contains(keys(test), "iam:PassedToService")])
      if s.effect == "Allow" && contains([for a in s.actions : lower(a)], "iam:passrole")
    ])
    error_message = "iam:PassRole is allowed for named roles, with a condition on iam:PassedToService."
  }
}

variable "managed_policies" {
  description = "ARNs of managed policies by name."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = !anytrue([for arn in var.managed_policies : can(regex("policy/(AdministratorAccess|PowerUserAccess|IAMFullAccess)$", arn))])
    error_message = "There are no administrator roles."
  }
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds the role, whatever it is given; needed where it may create roles."
  type        = string
  default     = null

  validation {
    condition = var.permissions_boundary != null || !anytrue([for s in var.statements :
      anytrue([for a in s.actions : can(regex("^(?i)(\\*|iam:(\\*|create|put|attach|update))", a))]) if s.effect == "Allow"
    ])
    error_message = "A role that writes IAM needs a permissions_boundary."
  }
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
