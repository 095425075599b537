variable "name" {
  description = "Name of the gateway."
  type        = string
}

variable "asn" {
  description = "Private autonomous system number, different in each Region, because peers and Direct Connect identify gateways by it. Changing it replaces what is attached."
  type        = number

  validation {
    condition     = floor(var.asn) == var.asn && (var.asn >= 64512 && var.asn <= 65534 || var.asn >= 4200000000 && var.asn <= 4294967294)
    error_message = "asn is private: 64512 to 65534, or 4200000000 to 4294967294."
  }
}

variable "route_tables" {
  description = "Names of its route tables, one for each kind of attachment. The table that an attachment joins, and the tables that its routes are propagated to, decide who can reach whom."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.route_tables) > 0
    error_message = "Without a route table nothing is routed: the gateway's default ones are off."
  }
}

variable "flow_log_bucket_arn" {
  description = "Bucket, or bucket and prefix, of the flow log. It must outlive the gateway, because the log is evidence."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:s3:::[a-z0-9.-]+(/.*)?$", var.flow_log_bucket_arn))
    error_message = "flow_log_bucket_arn is the ARN of a bucket, with or without a prefix."
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
