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
  description = "Database: engine, version, class, whether it has a standby instance, days of point-in-time recovery, initial and maximum GiB, and what it follows or is restored from. Without replica_of, a replica becomes independent permanently. Another generation is a new database that replaces the old one, which must be unprotected first."
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

variable "files" {
  description = "User and group, by number, that the servers' application runs as. They own the directory of its logs, which servers mount through its access point. Root may not write: EFS squashes it."
  type        = object({ uid = number, gid = number })
  nullable    = false

  validation {
    condition     = alltrue([for id in values(var.files) : id > 0 && floor(id) == id])
    error_message = "files.uid and files.gid are whole numbers above 0, which is root."
  }
}

variable "kms_key_arn" {
  description = "Customer-managed key of database and files, in their Region."
  type        = string
}

variable "log_groups" {
  description = "Names of log groups that exist, those of the database among them (modules/rds): they outlive it, so another workspace makes them."
  type        = set(string)
  nullable    = false
}

variable "topic_arns" {
  description = "Topics of the alarms."
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
