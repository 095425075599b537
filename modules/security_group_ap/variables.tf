variable "name" {
  description = "Name of the application, which the names of its groups begin with."
  type        = string
}

variable "vpc_id" {
  description = "VPC of the application."
  type        = string
}

variable "port" {
  description = "TCP port that the servers listen on."
  type        = number
  default     = 8080
  nullable    = false

  validation {
    condition     = var.port >= 1024 && var.port <= 65535 && floor(var.port) == var.port
    error_message = "port is 1024 to 65535: servers need no root to listen there."
  }
}

variable "clients" {
  description = "Ranges that reach the load balancer. Global Accelerator keeps clients' addresses, so these are theirs."
  type        = set(string)
  default     = ["0.0.0.0/0"]
  nullable    = false

  validation {
    condition     = length(var.clients) > 0
    error_message = "clients must not be empty: nobody could connect."
  }
}

variable "accelerator" {
  description = "Security group of the accelerator's network interfaces in the VPC, which alone reaches the load balancer then, instead of clients. Null: clients do."
  type        = object({ group_id = string })
  default     = null
}

variable "database_port" {
  description = "Port of a database inside the application's VPC; null: it has none."
  type        = number
  default     = null
}

variable "files" {
  description = "Whether there is a file system (NFS) inside the application's VPC."
  type        = bool
  default     = false
  nullable    = false
}

variable "egress" {
  description = "Further targets of the servers, such as a database of another VPC, by name."
  type = map(object({
    description = string
    ports       = string
    cidr        = string
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length(setintersection(keys(var.egress), ["https", "database", "files"])) == 0
    error_message = "The names https, database and files are taken."
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
