variable "account_id" {
  description = "Account that this is in; in another nothing is done."
  type        = string
}

variable "network" {
  description = "The shared VPC: range, zones by letter, and the transit gateway's ASN, another than Tokyo's."
  type = object({
    cidr  = string
    zones = map(object({ id = string, number = number, nat = optional(bool, true) }))
    asn   = number
  })
}

variable "inside" {
  description = "Ranges that are not the internet, by name."
  type        = map(string)
}

variable "beyond" {
  description = "Further ranges that sides do not reach, by name: those on premises."
  type        = map(string)
}

variable "clients" {
  description = "Ranges that reach the data in Osaka, by name."
  type        = map(string)
}

variable "prefix" {
  description = "What names that must be unique in all of AWS begin with."
  type        = string
}

variable "domain" {
  description = "Name of the shop, and the public hosted zone in which it is proven."
  type        = object({ name = string, zone_id = string })
}

variable "alarm_subscriptions" {
  description = "Who is told of alarms, as the module sns takes it."
  type        = map(object({ protocol = string, endpoint = string }))
}

variable "public_key" {
  description = "Public key of the operators, for the day on which Session Manager is down."
  type        = string
}

variable "webhook" {
  description = "Whether Backlog's webhook starts passes of the standby. While Tokyo is there it must not: the standby's record knows nothing of Tokyo's."
  type        = bool
}

variable "pipeline" {
  description = "What the webhook's function goes by, as in common: repository and branch, and Backlog's source addresses."
  type = object({
    repository = string
    branch     = optional(string, "main")
    clients    = set(string)
  })

  validation {
    condition     = alltrue([for address in var.pipeline.clients : can(cidrhost("${address}/32", 0))])
    error_message = "pipeline.clients are single IPv4 addresses."
  }
}

variable "tags" {
  description = "Tags of everything: Owner, DataClass, Environment."
  type        = map(string)
}
