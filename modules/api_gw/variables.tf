variable "name" {
  description = "Name of the API."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", var.name))
    error_message = "name is up to 64 letters, digits, _ and -."
  }
}

variable "routes" {
  description = "What it answers, by a name of your choice: method and path, such as GET /items/{id}, the function's invoke ARN, and who may call it: AWS_IAM (signed requests), JWT (see jwt) or NONE, everybody."
  type = map(object({
    route             = string
    lambda_invoke_arn = string
    authorization     = optional(string, "AWS_IAM")
    scopes            = optional(set(string), [])
  }))
  nullable = false

  validation {
    condition     = length(var.routes) > 0
    error_message = "routes names at least one."
  }

  validation {
    condition     = alltrue([for r in var.routes : can(regex("^(ANY|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) /([A-Za-z0-9._~-]+|\\{[A-Za-z0-9_]+\\+?\\}|/)*$", r.route))])
    error_message = "route is a method and a path, such as POST /orders or GET /items/{id}."
  }

  validation {
    condition     = alltrue([for r in var.routes : can(regex("^arn:[a-z-]+:apigateway:[a-z0-9-]+:lambda:path/.+/invocations$", r.lambda_invoke_arn))])
    error_message = "lambda_invoke_arn is the function's invoke_arn, not its arn."
  }

  validation {
    condition     = alltrue([for r in var.routes : contains(["AWS_IAM", "JWT", "NONE"], r.authorization) && (length(r.scopes) == 0 || r.authorization == "JWT")])
    error_message = "authorization is AWS_IAM, JWT or NONE; scopes are JWT's."
  }

  validation {
    condition     = length(distinct([for r in var.routes : r.route])) == length(var.routes)
    error_message = "Two routes have the same method and path."
  }
}

variable "jwt" {
  description = "Who issues the tokens of JWT routes, and for which audiences."
  type = object({
    issuer    = string
    audiences = set(string)
  })
  default = null

  validation {
    condition     = var.jwt == null || try(startswith(var.jwt.issuer, "https://") && length(var.jwt.audiences) > 0, false)
    error_message = "jwt has an https issuer, and an audience at least: else a token for anything would do."
  }

  validation {
    condition     = var.jwt != null || !contains([for r in var.routes : r.authorization], "JWT")
    error_message = "A route's authorization is JWT, and jwt says nothing of who issues the tokens."
  }
}

variable "throttling" {
  description = "Requests a second, and at once, that are let through in all; what comes beside them gets 429."
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
