variable "name" {
  description = "Name of the template and of the instances."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9().\\/_-]{3,125}$", var.name))
    error_message = "name is 3 to 125 letters, digits and ().-/_."
  }
}

variable "image_id" {
  description = "Machine image, by id: looked up by name, every new release would be a change."
  type        = string

  validation {
    condition     = can(regex("^ami-[0-9a-f]{8,17}$", var.image_id))
    error_message = "image_id is an id such as ami-0123456789abcdef0; a parameter of Systems Manager is not pinned."
  }
}

variable "instance_type" {
  description = "Instance type, of the image's architecture, on AWS's Nitro system."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*\\.[a-z0-9-]+$", var.instance_type)) && !can(regex("^(t1|t2|m1|m2|m3|m4|c1|c3|c4|r3|r4|i2|d2)\\.", var.instance_type))
    error_message = "instance_type is one such as t4g.small, not of a generation before Nitro."
  }
}

variable "instance_profile_arn" {
  description = "Instance profile, through which the servers act."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:instance-profile/.+$", var.instance_profile_arn))
    error_message = "instance_profile_arn is the ARN of an instance profile, not of a role."
  }
}

variable "security_group_ids" {
  description = "Security groups of the servers."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.security_group_ids) > 0
    error_message = "Without a security group they would get the VPC's default one."
  }
}

variable "kms_key_arn" {
  description = "Customer-managed key of the volumes, which Auto Scaling's role must be able to grant."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a key, not an id or alias."
  }
}

variable "key_name" {
  description = "Key pair for logging in; null, and Session Manager, is better."
  type        = string
  default     = null
}

variable "user_data" {
  description = "Script of the first start, in plain text. Everybody who may describe instances can read it. So it must fetch secrets from Secrets Manager."
  type        = string
  default     = null

  validation {
    condition     = var.user_data == null || length(coalesce(var.user_data, "-")) <= 16384
    error_message = "user_data is up to 16 KB."
  }

  validation {
    condition     = !can(regex("(?i)(\\b(AKIA|ASIA)[A-Z0-9]{16}\\b|PRIVATE KEY-----|(password|passwd|secret|token|api_?key|secret_access_key)[\"']?\\s*[:=]\\s*[\"']?[^\\s\"'$({<]{6,})", coalesce(var.user_data, "-")))
    error_message = "user_data seems to contain a secret, which everybody who may read instances could see: fetch it from Secrets Manager."
  }
}

variable "root" {
  description = "Root volume: its device, as the image names it, and size in GiB."
  type = object({
    device = optional(string, "/dev/xvda")
    size   = optional(number, 20)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.root.size >= 8 && var.root.size <= 1024 && floor(var.root.size) == var.root.size
    error_message = "root.size is 8 to 1024 GiB."
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
