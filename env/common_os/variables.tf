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

variable "clients" {
  description = "Ranges that reach the data in Osaka, by name."
  type        = map(string)
}

variable "names" {
  description = "Domain of the certificate, others beside it, and the zone that proves them."
  type = object({
    domain      = string
    alternative = optional(set(string), [])
    zone_id     = string
  })
}

variable "public_key" {
  description = "Public key for servers that are started by hand."
  type        = string
}

variable "alarms" {
  description = "Who is told, by a name of your choice: protocol and endpoint."
  type        = map(object({ protocol = string, endpoint = string }))
}

variable "retention_days" {
  description = "Days for which logs are kept, and may be deleted by nobody."
  type        = number
}

variable "tags" {
  description = "Tags of everything: Owner, DataClass, Environment."
  type        = map(string)
}
