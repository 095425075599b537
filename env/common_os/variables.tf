variable "site" {
  description = "What is the company's own, from site.auto.tfvars: its account (the provider refuses any other), its names, Regions and the like."
  type = object({
    account_id          = string
    prefix              = string
    regions             = object({ tokyo = string, osaka = string })
    zones               = object({ tokyo = map(string), osaka = map(string) })
    domain              = string
    repository          = string
    alarm_subscriptions = map(object({ protocol = string, endpoint = string }))
    public_key          = string
  })

  validation {
    condition     = length(var.site.alarm_subscriptions) > 0
    error_message = "site.alarm_subscriptions needs at least one, to be notified of alarms."
  }
}

variable "network" {
  description = "The shared VPC: range, zones by letter, and the transit gateway's ASN, which differs from Tokyo's."
  type = object({
    cidr  = string
    zones = map(object({ number = number, nat = optional(bool, true) }))
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

variable "standby_egress" {
  description = "Whether the standby has a way out: a NAT gateway with its kept address, if its network in bootstrap is closed. It costs money by the hour, and is needed only when Tokyo is lost."
  type        = bool
}

variable "databases" {
  description = "Databases of this Region whose logs are kept, by name: how many generations have log groups, and which logs. A database whose log groups are missing is refused."
  type = map(object({
    generations = number
    logs        = set(string)
  }))

  validation {
    condition     = alltrue([for d in var.databases : d.generations >= 1 && floor(d.generations) == d.generations])
    error_message = "databases.NAME.generations must be a whole number from 1 on."
  }
}

variable "webhook" {
  description = "Whether Backlog's webhook starts passes of the standby. It must not while Tokyo works, because the standby has a separate record."
  type        = bool
}

variable "pipeline" {
  description = "Settings of the webhook's function, as in common: branch, and Backlog's source addresses."
  type = object({
    branch  = optional(string, "main")
    clients = set(string)
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
