variable "gateway" {
  description = "Direct Connect gateway: id, kind (transit or private, as its interfaces), and the account that owns it, if that is another; that account then accepts what is proposed here."
  type = object({
    id               = string
    kind             = optional(string, "transit")
    owner_account_id = optional(string)
  })
  nullable = false

  validation {
    condition     = can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", var.gateway.id))
    error_message = "id must be that of a Direct Connect gateway, such as 345508c3-7215-4aef-9832-07c125d5bd0f."
  }

  validation {
    condition     = contains(["private", "transit"], var.gateway.kind)
    error_message = "kind is transit or private."
  }

  validation {
    condition     = var.gateway.owner_account_id == null || can(regex("^[0-9]{12}$", var.gateway.owner_account_id))
    error_message = "owner_account_id is of twelve digits."
  }
}

variable "associations" {
  description = "Gateways of this account that it leads to, by name: a transit gateway's or virtual private gateway's id, the IPv4 ranges that are told to the other side, and the Region if it is not the provider's."
  type = map(object({
    gateway_id       = string
    allowed_prefixes = set(string)
    region           = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for a in var.associations : startswith(a.gateway_id, var.gateway.kind == "private" ? "vgw-" : "tgw-")])
    error_message = "A gateway_id is not of the gateway's kind: transit leads to tgw-…, private to vgw-…, and one gateway not to both."
  }

  validation {
    condition     = alltrue([for a in var.associations : length(a.allowed_prefixes) > 0 && alltrue([for p in a.allowed_prefixes : try(cidrsubnet(p, 0, 0) == p, false)])])
    error_message = "allowed_prefixes must have at least one IPv4 range, each with a valid network address: a transit gateway advertises nothing else."
  }

  validation {
    condition     = alltrue([for a in var.associations : length(a.allowed_prefixes) <= 200])
    error_message = "A transit gateway takes 200 allowed_prefixes: give wider ones."
  }

  validation {
    condition     = length(distinct([for a in var.associations : a.gateway_id])) == length(var.associations)
    error_message = "A gateway is there twice."
  }

  validation {
    condition     = length(distinct(flatten([for a in var.associations : tolist(a.allowed_prefixes)]))) == length(flatten([for a in var.associations : tolist(a.allowed_prefixes)]))
    error_message = "Two associations advertise the same range: traffic would have two routes."
  }
}

variable "accepted_proposals" {
  description = "Proposals of other accounts to associate this account's gateway with theirs, by name: the proposal's id, the account, and the ranges that it may advertise, whatever it requested."
  type = map(object({
    proposal_id      = string
    account_id       = string
    allowed_prefixes = set(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for p in var.accepted_proposals : can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", p.proposal_id)) && can(regex("^[0-9]{12}$", p.account_id))])
    error_message = "A proposal has an id such as 345508c3-7215-4aef-9832-07c125d5bd0f and an account_id of twelve digits."
  }

  validation {
    condition     = alltrue([for p in var.accepted_proposals : length(p.allowed_prefixes) > 0 && alltrue([for range in p.allowed_prefixes : try(cidrsubnet(range, 0, 0) == range, false)])])
    error_message = "allowed_prefixes are IPv4 ranges that begin on their own boundary, at least one."
  }
}

variable "interfaces" {
  description = "Virtual interfaces on connections of this account, by name: connection, VLAN, the other side's ASN, both ends' addresses in one /30 or /31, MTU and SiteLink. AWS creates the BGP key, and Terraform stores it in its state. Nearly every change replaces the interface."
  type = map(object({
    connection_id    = string
    vlan             = number
    bgp_asn          = number
    amazon_address   = string
    customer_address = string
    mtu              = optional(number, 1500)
    sitelink         = optional(bool, false)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for i in var.interfaces : can(regex("^dx(con|lag)-[0-9a-z]+$", i.connection_id))])
    error_message = "connection_id is dxcon-… or dxlag-…."
  }

  validation {
    condition     = alltrue([for i in var.interfaces : i.vlan >= 1 && i.vlan <= 4094 && floor(i.vlan) == i.vlan])
    error_message = "vlan is 1 to 4094."
  }

  validation {
    condition     = alltrue([for i in var.interfaces : i.bgp_asn >= 1 && i.bgp_asn <= 4294967294 && floor(i.bgp_asn) == i.bgp_asn])
    error_message = "bgp_asn is 1 to 4294967294."
  }

  validation {
    condition = alltrue([for i in var.interfaces : can(regex("/(30|31)$", i.amazon_address)) && try(
      cidrsubnet(i.amazon_address, 0, 0) == cidrsubnet(i.customer_address, 0, 0) && i.amazon_address != i.customer_address
    , false)])
    error_message = "amazon_address and customer_address are the two ends of one /30 or /31, such as 169.254.0.1/30 and 169.254.0.2/30."
  }

  validation {
    condition     = alltrue([for i in var.interfaces : contains(var.gateway.kind == "private" ? [1500, 9001] : [1500, 8500], i.mtu)])
    error_message = "mtu is 1500, or for jumbo frames 8500 (transit) or 9001 (private)."
  }

  validation {
    condition     = length(distinct([for i in var.interfaces : "${i.connection_id} ${i.vlan}"])) == length(var.interfaces)
    error_message = "Two interfaces of one connection have the same vlan."
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
