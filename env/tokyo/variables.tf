variable "site" {
  description = "What is the company's own, from site.auto.tfvars: its account (the provider refuses any other), its names, Regions and the like."
  type = object({
    account_id        = string
    prefix            = string
    regions           = object({ tokyo = string, osaka = string })
    zones             = object({ tokyo = map(string), osaka = map(string) })
    hosted_interfaces = map(string)
  })
}

variable "network" {
  description = "The shared VPC: range, zones by letter, and the transit gateway's ASN, which differs from Osaka's."
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
  description = "Ranges that reach database and files, by name: sides, the other Region's, and those on premises."
  type        = map(string)
}

variable "osaka" {
  description = "One range that contains all ranges of the other Region."
  type        = object({ cidr = string })
}

variable "premises" {
  description = "The connection on premises: ASNs of the gateways of the VPC and of Direct Connect, and whether the interfaces that another account has created also lead to Osaka, whose gateway common_os has; null if there is none."
  type = object({
    vpg_asn = number
    dx_asn  = number
    osaka   = optional(bool, true)
  })
  default = null
}

variable "database" {
  description = "The application's database, which stays in a switchover: see the module application_data."
  type = object({
    engine              = string
    engine_version      = string
    instance_class      = string
    multi_az            = optional(bool, true)
    backup_days         = optional(number, 14)
    storage             = optional(object({ size = optional(number, 20), max = optional(number, 200) }), {})
    generation          = optional(number, 1)
    protected           = optional(bool, true)
    replica_of          = optional(string)
    snapshot_identifier = optional(string)
  })
}

variable "files" {
  description = "User and group, by number, that the application runs as: they own the directory of its logs."
  type        = object({ uid = number, gid = number })
}

variable "tags" {
  description = "Tags of all resources: Owner, DataClass, Environment."
  type        = map(string)
}
