variable "name" {
  description = "Name of the side, such as shop-a, which all its names begin with."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) <= 32
    error_message = "name is up to 32 lower-case letters, digits and single hyphens, and begins with a letter."
  }
}

variable "mode" {
  description = "live; retiring: still there, but its protection against deletion is off; absent: nothing is there, and nothing costs. From live to absent the way is through retiring."
  type        = string

  validation {
    condition     = contains(["live", "retiring", "absent"], var.mode)
    error_message = "mode is live, retiring or absent."
  }
}

variable "generation" {
  description = "Counts how often the side has come to life: raise it with every new one."
  type        = number

  validation {
    condition     = var.generation >= 1 && floor(var.generation) == var.generation
    error_message = "generation is a whole number from 1 on."
  }
}

variable "cidr" {
  description = "IPv4 range of the side, a /16, which no other side or network has."
  type        = string

  validation {
    condition     = endswith(var.cidr, "/16") && try(cidrsubnet(var.cidr, 0, 0) == var.cidr, false)
    error_message = "cidr is a /16 that begins on its own boundary, such as 10.1.0.0/16."
  }
}

variable "zones" {
  description = "Zones by letter: the zone's id, and a number from 0 to 3 that determines its subnets and must not change."
  type = map(object({
    id     = string
    number = number
  }))
  nullable = false

  validation {
    condition     = length(var.zones) >= 2
    error_message = "With one zone, the zone's end is the side's."
  }

  validation {
    condition     = length(distinct([for z in var.zones : z.number])) == length(var.zones) && alltrue([for z in var.zones : contains([0, 1, 2, 3], z.number)])
    error_message = "Each zone has a number of its own, from 0 to 3."
  }
}

variable "transit" {
  description = "Transit gateway, the route table that the side joins, those that learn of it, and the estate's ranges by name."
  type = object({
    gateway_id     = string
    route_table_id = string
    propagate_to   = optional(map(string), {})
    inside         = optional(map(string), { private = "10.0.0.0/8" })
  })
  nullable = false
}

variable "admit" {
  description = "Who reaches the load balancer: clients, or accelerator: only what comes through the accelerator. Its security group exists once the side has been an endpoint, so a new side begins with clients."
  type        = string
  default     = "clients"
  nullable    = false

  validation {
    condition     = contains(["clients", "accelerator"], var.admit)
    error_message = "admit is clients or accelerator."
  }
}

variable "clients" {
  description = "Ranges that reach the load balancer, whose addresses Global Accelerator keeps."
  type        = set(string)
  default     = ["0.0.0.0/0"]
  nullable    = false
}

variable "reaches" {
  description = "What servers reach outside of the side besides HTTPS, such as the estate's database, by name; numbers from 1000 on."
  type = map(object({
    description = string
    number      = number
    ports       = string
    cidr        = string
  }))
  default  = {}
  nullable = false
}

variable "servers" {
  description = "Servers: image by id, type, instance profile, port, how many at least and at most, health check's path, and script of the first start."
  type = object({
    image_id             = string
    instance_type        = string
    instance_profile_arn = string
    min                  = number
    max                  = number
    port                 = optional(number, 8080)
    health_path          = optional(string, "/healthz")
    user_data            = optional(string)
  })
  nullable = false

  validation {
    condition     = var.mode == "absent" || var.servers.min >= length(var.zones)
    error_message = "servers.min is at least one a zone."
  }
}

variable "certificate_arn" {
  description = "Certificate, from the side's own Region."
  type        = string
}

variable "logs" {
  description = "Targets of evidence, which outlives the side: the bucket of load balancers' logs by name, and that of flow logs by ARN."
  type = object({
    balancer_bucket = string
    flow_bucket_arn = string
  })
  nullable = false
}

variable "kms_key_arn" {
  description = "Customer-managed key of the side's volumes, database and files; it outlives the side."
  type        = string
}

variable "topic_arns" {
  description = "Topics of the side's alarms."
  type        = set(string)
  nullable    = false
}

variable "database" {
  description = "A separate database of the side, if necessary: the other side does not see its data. Required: the source of its data (a snapshot or a database that it follows), how much data a switchover may lose, and its log groups, which stay when the side goes (modules/rds)."
  type = object({
    engine              = string
    engine_version      = string
    instance_class      = string
    rpo                 = string
    log_groups          = set(string)
    snapshot_identifier = optional(string)
    replica_of          = optional(string)
  })
  default = null

  validation {
    condition     = var.database == null || try(length(var.database.rpo) >= 10, false)
    error_message = "database.rpo must say in words how much data a switchover may lose."
  }

  validation {
    condition     = var.database == null || try(var.database.snapshot_identifier != null || var.database.replica_of != null || var.generation == 1, false)
    error_message = "From the second generation on, the database begins from a snapshot or follows another: an empty one would serve."
  }
}

variable "files" {
  description = "A file system of the side's own, for what may go with it: logs and caches. User and group, by number, own its directory, which servers mount through its access point. Null: none."
  type        = object({ uid = number, gid = number })
  default     = null

  validation {
    condition     = var.files == null || alltrue([for id in try(values(var.files), []) : id > 0 && floor(id) == id])
    error_message = "files.uid and files.gid are whole numbers above 0, which is root."
  }
}

variable "backup_tag" {
  description = "Tag by which a backup plan selects the database and files."
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
