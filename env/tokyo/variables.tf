variable "account_id" {
  description = "Account that this is in; in another nothing is done."
  type        = string
}

variable "states" {
  description = "Buckets of the estate's states by where they lie: tokyo, and osaka, which outlives Tokyo."
  type        = map(object({ bucket = string, region = string }))
}

variable "network" {
  description = "The shared VPC: range, zones by letter, and the transit gateway's ASN, another than Osaka's."
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
  description = "Ranges that reach database and files, by name: sides, the other Region's, and who is on premises."
  type        = map(string)
}

variable "osaka" {
  description = "The other Region, and the ranges there, all of them in one."
  type        = object({ region = string, cidr = string })
}

variable "premises" {
  description = "The way on premises: ASNs of the gateway in the VPC and of Direct Connect's, and the interfaces that another account has made for this one, by name; null where there is none."
  type = object({
    vpg_asn           = number
    dx_asn            = number
    hosted_interfaces = map(string)
  })
  default = null
}

variable "database" {
  description = "The application's database, which survives a switch of sides: see the module application_data."
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

variable "tags" {
  description = "Tags of everything: Owner, DataClass, Environment."
  type        = map(string)
}
