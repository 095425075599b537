variable "name" {
  description = "Identifier of the database. Changing it reboots the database."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) <= 50
    error_message = "name is up to 50 lower-case letters, digits and single hyphens, and begins with a letter."
  }
}

variable "engine" {
  description = "postgres or mysql."
  type        = string

  validation {
    condition     = contains(["postgres", "mysql"], var.engine)
    error_message = "engine is postgres or mysql."
  }
}

variable "engine_version" {
  description = "Version, best without its last part, which AWS moves on in the maintenance window: 17 of PostgreSQL, 8.4 of MySQL."
  type        = string

  validation {
    condition     = can(regex(var.engine == "mysql" ? "^(8\\.[04]|9\\.[0-9]+)(\\.[0-9]+)?$" : "^1[4-9](\\.[0-9]+)?$", var.engine_version))
    error_message = "engine_version is 14 or newer of PostgreSQL, 8.0 or newer of MySQL."
  }
}

variable "instance_class" {
  description = "Instance class. Changing it interrupts the database."
  type        = string

  validation {
    condition     = can(regex("^db\\.[a-z0-9]+\\.[a-z0-9]+$", var.instance_class))
    error_message = "instance_class is one such as db.t4g.medium."
  }
}

variable "database" {
  description = "Name of the first database."
  type        = string
  default     = null

  validation {
    condition     = var.database == null || can(regex("^[a-z][a-z0-9_]{0,62}$", var.database))
    error_message = "database is lower-case letters, digits and _, and begins with a letter."
  }
}

variable "username" {
  description = "Name of the first user. AWS creates and stores the password, or nobody does if the database has replicas."
  type        = string
  default     = "administrator"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,15}$", var.username)) && !contains(["admin", "postgres", "rdsadmin", "root", "user"], var.username)
    error_message = "username is up to 16 lower-case letters, digits and _, and none that is guessed first."
  }
}

variable "storage" {
  description = "GiB at first, and at most: storage grows by itself, and never shrinks."
  type = object({
    size = optional(number, 20)
    max  = optional(number, 200)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.storage.size >= 20 && var.storage.max >= 1.26 * var.storage.size
    error_message = "storage.size is at least 20 GiB, and storage.max a good quarter more, or it could not grow."
  }
}

variable "subnet_ids" {
  description = "Ids of the database's subnets by name, in two zones or more."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "AWS requires subnets in two zones."
  }
}

variable "security_group_ids" {
  description = "Security groups of the database."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.security_group_ids) > 0
    error_message = "Without a security group it would get the VPC's default one."
  }
}

variable "kms_key_arn" {
  description = "Customer-managed key of storage, snapshots and password, in the database's Region. Changing it replaces the database: everything in it is lost."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a key, not an id or alias."
  }
}

variable "log_groups" {
  description = "Names of log groups that exist, those of this database among them: `/aws/rds/instance/NAME/LOG`, with the logs postgresql and upgrade, or error and slowquery of MySQL."
  type        = set(string)
  nullable    = false
}

variable "parameters" {
  description = "Parameters by name. A static one needs apply_method pending-reboot, and a reboot by hand. TLS is always forced."
  type = map(object({
    value        = string
    apply_method = optional(string, "immediate")
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length(setintersection(keys(var.parameters), ["rds.force_ssl", "require_secure_transport"])) == 0
    error_message = "TLS is forced, and cannot be had otherwise."
  }

  validation {
    condition     = alltrue([for p in var.parameters : contains(["immediate", "pending-reboot"], p.apply_method)])
    error_message = "apply_method is immediate or pending-reboot."
  }
}

variable "multi_az" {
  description = "Whether a second instance stands by in another zone."
  type        = bool
  default     = true
  nullable    = false
}

variable "backup_days" {
  description = "Days to which the database can be put back, to the second. From and to 0 interrupts it, so 0 is not taken."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition     = var.backup_days >= 1 && var.backup_days <= 35 && floor(var.backup_days) == var.backup_days
    error_message = "backup_days is 1 to 35."
  }
}

variable "performance_insights" {
  description = "Whether the load is recorded by query (CloudWatch Database Insights, standard mode: seven days); the smallest classes of MySQL cannot."
  type        = bool
  default     = true
  nullable    = false
}

variable "followed" {
  description = "Whether it has replicas. AWS refuses replicas if Secrets Manager stores the first user's password. Then the password is random, nobody knows it, and users sign in by IAM. If you need it, set another one with `aws rds modify-db-instance`."
  type        = bool
  default     = false
  nullable    = false
}

variable "replica_of" {
  description = "ARN of a database in another Region that this one follows, read-only."
  type        = string
  default     = null

  validation {
    condition     = var.replica_of == null || can(regex("^arn:[a-z-]+:rds:[a-z0-9-]+:[0-9]{12}:db:.+$", var.replica_of))
    error_message = "replica_of is the ARN of a database."
  }
}

variable "snapshot_identifier" {
  description = "Snapshot that the database begins from. Once it stands, this no longer matters."
  type        = string
  default     = null

  validation {
    condition     = var.snapshot_identifier == null || var.replica_of == null
    error_message = "A database begins from a snapshot or follows another, not both."
  }
}

variable "generation" {
  description = "Counts the databases of this name: its last snapshot is named for it, and a name can be used once."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.generation >= 1 && floor(var.generation) == var.generation
    error_message = "generation is a whole number from 1 on."
  }
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete it. Turn it off in an apply of its own before the database is to go: it is read from the state, as is the last snapshot's name."
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
