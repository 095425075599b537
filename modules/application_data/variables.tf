variable "name" {
  description = "Name of the application, which its database has, too."
  type        = string
}

variable "vpc" {
  description = "VPC that the data lies in, and its subnets for data by zone: shared_vpc's output."
  type = object({
    id           = string
    data_subnets = map(object({ id = string, zone = string }))
  })
  nullable = false
}

variable "clients" {
  description = "Ranges that reach database and files, by name, such as the sides'."
  type        = map(string)
  nullable    = false
}

variable "database" {
  description = "Database: engine, version, class, whether a second instance stands by, days to which it can be put back, GiB at first and at most, and what it follows or begins from. Without replica_of, one that followed stands on its own, for good. Another generation is another database, made beside the old one as that goes; which can only go once it is not protected."
  type = object({
    engine              = string
    engine_version      = string
    instance_class      = string
    multi_az            = optional(bool, true)
    backup_days         = optional(number, 14)
    storage             = optional(object({ size = optional(number, 20), max = optional(number, 200) }), {})
    generation          = optional(number, 1)
    protected           = optional(bool, true)
    replica_of          = optional(string)
    snapshot_identifier = optional(string)
  })
  nullable = false
}

variable "kms_key_arn" {
  description = "Customer-managed key of database and files, in their Region."
  type        = string
}

variable "topic_arns" {
  description = "Topics that the alarms tell."
  type        = set(string)
  nullable    = false
}

variable "backup_tag" {
  description = "Tag by which a backup plan selects database and files."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "tags" {
  description = "Tags of everything in the module: Owner, DataClass (public, internal, confidential or restricted), Environment, and others."
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
