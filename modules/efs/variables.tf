variable "name" {
  description = "Name of the file system."
  type        = string
}

variable "kms_key_arn" {
  description = "Customer-managed key. Changing it replaces the file system: everything in it is lost."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a key, not an id or alias."
  }
}

variable "subnets" {
  description = "Subnets of the mount targets by name, one a zone, in every zone that has servers."
  type = map(object({
    id   = string
    zone = string
  }))
  nullable = false

  validation {
    condition     = length(var.subnets) > 0 && length(distinct([for s in var.subnets : s.zone])) == length(var.subnets)
    error_message = "subnets are one or more, each in another zone: AWS takes one mount target a zone."
  }
}

variable "security_group_ids" {
  description = "Security groups of the mount targets."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.security_group_ids) > 0
    error_message = "Without a security group they would get the VPC's default one."
  }
}

variable "access_points" {
  description = "Directories that clients are confined to, by name, created for their owner at the first use."
  type = map(object({
    path        = string
    uid         = number
    gid         = number
    permissions = optional(string, "0750")
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for p in var.access_points : can(regex("^/[^/].*[^/]$|^/[^/]$", p.path)) && p.path != "/"])
    error_message = "path begins with a slash, ends with none, and is not the root: clients there could read each other's."
  }

  validation {
    condition     = alltrue([for p in var.access_points : p.uid > 0 && p.gid > 0])
    error_message = "uid and gid must be above 0, which is root."
  }

  validation {
    condition     = alltrue([for p in var.access_points : can(regex("^0?[0-7]{3}$", p.permissions))])
    error_message = "permissions are octal, such as 0750."
  }
}

variable "default_backup" {
  description = "Whether AWS's own daily backup is on, in addition to a backup plan."
  type        = bool
  default     = true
  nullable    = false
}

variable "copy" {
  description = "Another Region that everything is copied to within minutes, read-only, and the key there."
  type = object({
    region      = string
    kms_key_arn = string
  })
  default = null

  validation {
    condition     = var.copy == null || try(strcontains(var.copy.kms_key_arn, ":kms:${var.copy.region}:"), false)
    error_message = "copy.kms_key_arn is a key of copy.region."
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
