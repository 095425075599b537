variable "account_id" {
  description = "AWS account of this workspace; the provider refuses any other."
  type        = string
}

variable "network" {
  description = "The shared VPC: range, zones by letter, and the transit gateway's ASN, which differs from Tokyo's."
  type = object({
    cidr  = string
    zones = map(object({ id = string, number = number, nat = optional(bool, true) }))
    asn   = number
  })
}

variable "inside" {
  description = "Private ranges, by name."
  type        = map(string)
}

variable "beyond" {
  description = "Further ranges that sides must not reach, by name: those on premises."
  type        = map(string)
}

variable "clients" {
  description = "Ranges that reach the data in Osaka, by name."
  type        = map(string)
}

variable "premises" {
  description = "The connection on premises: ASN of the VPC's gateway, which differs from Tokyo's; null if there is none."
  type        = object({ vpg_asn = number })
  default     = null
}

variable "prefix" {
  description = "Prefix of names that must be unique in all of AWS."
  type        = string
}

variable "domain" {
  description = "Name of the shop. common proves it."
  type        = string
}

variable "alarm_subscriptions" {
  description = "Subscriptions that are notified of alarms, in the form of the module sns."
  type        = map(object({ protocol = string, endpoint = string }))
}

variable "public_key" {
  description = "Public key of the operators, for the case that Session Manager is down."
  type        = string
}

variable "webhook" {
  description = "Whether Backlog's webhook starts passes of the standby. It must not while Tokyo works, because the standby has a separate record."
  type        = bool
}

variable "pipeline" {
  description = "Settings of the webhook's function, as in common: repository and branch, and Backlog's source addresses."
  type = object({
    repository = string
    branch     = optional(string, "main")
    clients    = set(string)
  })

  validation {
    condition     = alltrue([for address in var.pipeline.clients : can(cidrhost("${address}/32", 0))])
    error_message = "pipeline.clients must be single IPv4 addresses."
  }
}

variable "tags" {
  description = "Tags of all resources: Owner, DataClass, Environment."
  type        = map(string)
}
