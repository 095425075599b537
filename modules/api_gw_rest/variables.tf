variable "name" {
  description = "Name of the API."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", var.name))
    error_message = "name is up to 64 letters, digits, _ and -."
  }
}

variable "routes" {
  description = "What it answers, by a name of your choice: method, path of one part, and the function's invoke ARN."
  type = map(object({
    method            = optional(string, "POST")
    path              = string
    lambda_invoke_arn = string
  }))
  nullable = false

  validation {
    condition     = length(var.routes) > 0
    error_message = "routes names at least one: an API without cannot be deployed."
  }

  validation {
    condition     = alltrue([for r in var.routes : contains(["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"], r.method)])
    error_message = "method is DELETE, GET, HEAD, PATCH, POST or PUT."
  }

  validation {
    condition     = alltrue([for r in var.routes : can(regex("^[A-Za-z0-9_-]+$", r.path))])
    error_message = "path is one part without slashes, such as webhook."
  }

  validation {
    condition     = alltrue([for r in var.routes : can(regex("^arn:[a-z-]+:apigateway:[a-z0-9-]+:lambda:path/.+/invocations$", r.lambda_invoke_arn))])
    error_message = "lambda_invoke_arn is the function's invoke_arn, not its arn."
  }

  validation {
    condition     = length(distinct([for r in var.routes : "${r.method} ${r.path}"])) == length(var.routes)
    error_message = "Two routes have the same method and path."
  }
}

variable "allowed_cidrs" {
  description = "IPv4 ranges that may call it; whoever else does gets 403."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.allowed_cidrs) > 0 && alltrue([for c in var.allowed_cidrs : try(cidrsubnet(c, 0, 0) == c, false)])
    error_message = "allowed_cidrs are IPv4 ranges that begin on their own boundary, such as 192.0.2.0/24, at least one."
  }

  validation {
    condition     = alltrue([for c in var.allowed_cidrs : try(tonumber(split("/", c)[1]) >= 8, true)])
    error_message = "A range of allowed_cidrs is wider than /8: that keeps nobody out. An API for everybody is api_gw's."
  }
}

variable "stage" {
  description = "Name of the stage, the first part of every path."
  type        = string
  default     = "live"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,128}$", var.stage))
    error_message = "stage is up to 128 letters, digits, _ and -."
  }
}

variable "throttling" {
  description = "Requests a second, and at once, that are let through; what comes beside them gets 429."
  type = object({
    rate  = optional(number, 10)
    burst = optional(number, 20)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.throttling.rate > 0 && var.throttling.burst > 0
    error_message = "rate and burst are above 0: at 0 nothing is let through, and below it everything is."
  }
}

variable "kms_key_arn" {
  description = "Customer-managed key of the access logs; CloudWatch Logs must be allowed to use it."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a key, not an id or alias."
  }
}

variable "account_role" {
  description = "Whether to make the role by which API Gateway writes logs. There is one in an account and Region, and without it no REST API can log."
  type        = bool
  default     = true
  nullable    = false
}

variable "permissions_boundary" {
  description = "Permissions boundary of that role."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary))
    error_message = "permissions_boundary is the ARN of a policy."
  }
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
