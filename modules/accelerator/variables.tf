variable "name" {
  description = "Name of the accelerator."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9.-]{0,62}[A-Za-z0-9]$", var.name))
    error_message = "name is 2 to 64 letters, digits, dots and hyphens, and begins and ends with a letter or digit."
  }
}

variable "enabled" {
  description = "Whether it takes traffic. It must be switched off before it can be deleted."
  type        = bool
  default     = true
  nullable    = false
}

variable "protocol" {
  description = "TCP or UDP."
  type        = string
  default     = "TCP"
  nullable    = false

  validation {
    condition     = contains(["TCP", "UDP"], var.protocol)
    error_message = "protocol is TCP or UDP: the accelerator is layer 4 and terminates no TLS."
  }
}

variable "ports" {
  description = "Ports that it listens on: 443, or ranges such as 8000-8080."
  type        = set(string)
  default     = ["443"]
  nullable    = false

  validation {
    condition     = length(var.ports) >= 1 && length(var.ports) <= 10
    error_message = "ports are one to ten ports or ranges."
  }

  validation {
    condition = alltrue([for p in var.ports : can(regex("^[0-9]+(-[0-9]+)?$", p)) && try(
      tonumber(split("-", p)[0]) >= 1 &&
      tonumber(split("-", p)[0]) <= tonumber(reverse(split("-", p))[0]) &&
      tonumber(reverse(split("-", p))[0]) <= 65535
    , false)])
    error_message = "A port is 1 to 65535, such as 443, or a range, such as 8000-8080."
  }
}

variable "client_affinity" {
  description = "NONE, or SOURCE_IP, which keeps a client on one endpoint; shares then follow the weights slowly."
  type        = string
  default     = "NONE"
  nullable    = false

  validation {
    condition     = contains(["NONE", "SOURCE_IP"], var.client_affinity)
    error_message = "client_affinity is NONE or SOURCE_IP."
  }
}

variable "flow_logs" {
  description = "Bucket that flow logs go to, by name, and the prefix in it; the bucket lets delivery.logs.amazonaws.com in."
  type = object({
    bucket = string
    prefix = optional(string, "global-accelerator")
  })

  validation {
    condition     = try(can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.flow_logs.bucket)) && can(regex("^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$", var.flow_logs.prefix)), false)
    error_message = "flow_logs are the name of a bucket, not its ARN, and a prefix without slashes around it."
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
