variable "name" {
  description = "Name of the application, which the names of its ACLs begin with."
  type        = string
}

variable "vpc_id" {
  description = "VPC of the application."
  type        = string
}

variable "subnets" {
  description = "Subnets by tier and name, as the module vpc gives them out. Without data subnets there is no ACL for them."
  type = object({
    balancer = map(object({ id = string, cidr = string }))
    servers  = map(object({ id = string, cidr = string }))
    data     = optional(map(object({ id = string, cidr = string })), {})
  })
  nullable = false

  validation {
    condition     = length(var.subnets.balancer) > 0 && length(var.subnets.servers) > 0
    error_message = "subnets needs some for the load balancer and some for servers."
  }
}

variable "port" {
  description = "TCP port that the servers listen on."
  type        = number
  default     = 8080
  nullable    = false
}

variable "clients" {
  description = "Ranges that reach the load balancer, whose addresses Global Accelerator keeps."
  type        = set(string)
  default     = ["0.0.0.0/0"]
  nullable    = false

  validation {
    condition     = length(var.clients) > 0
    error_message = "clients must not be empty: nobody could connect."
  }
}

variable "data_ports" {
  description = "TCP ports of what stands in the data subnets: a database's, NFS's 2049. Their order numbers the rules: append."
  type        = list(number)
  default     = [5432, 2049]
  nullable    = false

  validation {
    condition     = length(distinct(var.data_ports)) == length(var.data_ports)
    error_message = "Two data_ports are the same."
  }
}

variable "outbound" {
  description = "Further targets of the servers, such as a database of another VPC, by name; numbers from 1000 on."
  type = map(object({
    number = number
    ports  = string
    cidr   = string
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for rule in var.outbound : rule.number >= 1000])
    error_message = "Numbers below 1000 are the module's own."
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
