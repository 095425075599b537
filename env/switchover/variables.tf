variable "dials" {
  description = "Percentage of the traffic on its way to each Region that it is to take, 0 to 100; what one does not take goes to the others."
  type        = map(number)
}

variable "endpoints" {
  description = "Sides that may get traffic, by the name of their workspace: Region, weight (its share is that over the sum in its Region; 0 takes nothing), and the ARN of the load balancer, which is left out if the side's state is read."
  type = map(object({
    region = string
    weight = number
    arn    = optional(string)
  }))

  validation {
    condition     = length(setsubtract(keys(var.endpoints), ["osaka-ap", "tokyo-ap-A", "tokyo-ap-B"])) == 0
    error_message = "endpoints are tokyo-ap-A, tokyo-ap-B and osaka-ap."
  }

  validation {
    condition     = alltrue([for name, e in var.endpoints : e.arn != null || contains(var.read, name)])
    error_message = "Write the ARN of ${join(", ", [for name, e in var.endpoints : name if e.arn == null && !contains(var.read, name)])}: its state is not read."
  }
}

variable "read" {
  description = "Workspaces whose states are read, to check against: all of them, but for those whose Region is gone. Values hold without."
  type        = set(string)

  validation {
    condition     = length(setsubtract(var.read, ["common", "osaka-ap", "tokyo-ap-A", "tokyo-ap-B"])) == 0
    error_message = "read are common, tokyo-ap-A, tokyo-ap-B and osaka-ap."
  }
}

variable "listener_arn" {
  description = "Listener of the accelerator, as common's output accelerator says. While null, it is read from common's state, which is lost with Tokyo."
  type        = string
  default     = null

  validation {
    condition     = var.listener_arn != null || contains(var.read, "common")
    error_message = "Write listener_arn down, in estate.auto.tfvars: common's state is not read. `aws globalaccelerator list-accelerators` and `list-listeners`, both with --region us-west-2, tell it."
  }
}

variable "account_id" {
  description = "Account that this is in; in another nothing is done."
  type        = string
}

variable "states" {
  description = "Buckets of the estate's states by where they lie: tokyo, and osaka, which outlives Tokyo."
  type        = map(object({ bucket = string, region = string }))
}

variable "tags" {
  description = "Tags of everything: Owner, DataClass, Environment."
  type        = map(string)
}
