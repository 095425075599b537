variable "name" {
  description = "Name of the VPC, which the names of what is in it begin with."
  type        = string
}

variable "cidr" {
  description = "IPv4 range of the VPC, /16 to /28."
  type        = string

  validation {
    condition     = can(regex("/(1[6-9]|2[0-8])$", var.cidr)) && try(cidrsubnet(var.cidr, 0, 0) == var.cidr, false)
    error_message = "cidr is an IPv4 range of /16 to /28 that begins on its own boundary, such as 10.0.0.0/16."
  }
}

variable "subnets" {
  description = "Subnets by name: availability zone id (apne1-az4; names such as ap-northeast-1a mean other zones in other accounts), IPv4 range, and whether an internet gateway is to serve it."
  type = map(object({
    zone   = string
    cidr   = string
    public = optional(bool, false)
  }))
  nullable = false

  validation {
    condition     = alltrue([for s in var.subnets : can(regex("^[a-z]+[0-9]+-az[0-9]+$", s.zone))])
    error_message = "zone is an availability zone id, such as apne1-az4, not a name."
  }

  validation {
    condition     = alltrue([for s in var.subnets : can(regex("/(1[6-9]|2[0-8])$", s.cidr)) && try(cidrsubnet(s.cidr, 0, 0) == s.cidr, false)])
    error_message = "Each subnet's cidr is an IPv4 range of /16 to /28 that begins on its own boundary."
  }

  # A range is inside another if, truncated to the other's length, it has the
  # same start.
  validation {
    condition = alltrue([for s in var.subnets : try(
      tonumber(split("/", s.cidr)[1]) >= tonumber(split("/", var.cidr)[1]) &&
      cidrhost("${cidrhost(s.cidr, 0)}/${split("/", var.cidr)[1]}", 0) == cidrhost(var.cidr, 0)
    , true)])
    error_message = "A subnet lies outside the VPC's range."
  }

  validation {
    condition = !anytrue(flatten([for a, one in var.subnets : [for b, other in var.subnets : try(
      tonumber(split("/", one.cidr)[1]) <= tonumber(split("/", other.cidr)[1]) &&
      cidrhost("${cidrhost(other.cidr, 0)}/${split("/", one.cidr)[1]}", 0) == cidrhost(one.cidr, 0)
    , false) if a != b]]))
    error_message = "Two subnets overlap."
  }
}

variable "nat_subnets" {
  description = "Names of the public subnets that get a NAT gateway with a fixed address, one a zone."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for name in var.nat_subnets : try(var.subnets[name].public, false)])
    error_message = "nat_subnets are names of public subnets."
  }

  validation {
    condition     = length(distinct([for name in var.nat_subnets : try(var.subnets[name].zone, name)])) == length(var.nat_subnets)
    error_message = "Two of nat_subnets are in one zone: a second NAT gateway there costs and serves nothing."
  }
}

variable "nat" {
  description = "Whether the NAT gateways of nat_subnets exist. While they do not, their fixed addresses are kept."
  type        = bool
  default     = true
  nullable    = false
}

variable "gateway_endpoints" {
  description = "Services with a gateway endpoint, which is free: s3, dynamodb."
  type        = set(string)
  default     = ["dynamodb", "s3"]
  nullable    = false

  validation {
    condition     = length(setsubtract(var.gateway_endpoints, ["dynamodb", "s3"])) == 0
    error_message = "gateway_endpoints are s3 and dynamodb: other services have interface endpoints."
  }
}

variable "interface_endpoints" {
  description = "Services with an interface endpoint, such as ssm or ecr.api, and the subnets that it stands in, one a zone. Each costs by the hour and zone."
  type = object({
    services = optional(set(string), [])
    subnets  = optional(set(string), [])
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in var.interface_endpoints.subnets : contains(keys(var.subnets), name)])
    error_message = "interface_endpoints.subnets are names of subnets."
  }

  validation {
    condition     = (length(var.interface_endpoints.services) == 0) == (length(var.interface_endpoints.subnets) == 0)
    error_message = "interface_endpoints needs both services and subnets."
  }

  validation {
    condition     = length(distinct([for name in var.interface_endpoints.subnets : try(var.subnets[name].zone, name)])) == length(var.interface_endpoints.subnets)
    error_message = "Two of interface_endpoints.subnets are in one zone: AWS refuses that."
  }
}

variable "flow_log_bucket_arn" {
  description = "Bucket, or bucket and prefix, of the flow log. It must outlive the VPC, because the log is evidence."
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
