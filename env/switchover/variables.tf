variable "site" {
  description = "What is the company's own, from site.auto.tfvars: its account (the provider refuses any other), its names, Regions and the like."
  type = object({
    account_id = string
    prefix     = string
    regions    = object({ tokyo = string, osaka = string })
  })
}

variable "endpoints" {
  description = "Sides that the accelerator knows, by the name of their workspace: Region, whether the side takes over (standby) when its Region has no share and the other is not healthy, and the ARN of the load balancer, which is not needed if the side's state is read."
  type = map(object({
    region  = string
    standby = optional(bool, false)
    arn     = optional(string)
  }))

  validation {
    condition     = length(setsubtract(keys(var.endpoints), ["osaka-ap", "tokyo-ap-A", "tokyo-ap-B"])) == 0
    error_message = "endpoints must be among tokyo-ap-A, tokyo-ap-B and osaka-ap."
  }

  validation {
    condition     = alltrue([for name, e in var.endpoints : e.arn != null || contains(var.read, name)])
    error_message = "Write the ARN of ${join(", ", [for name, e in var.endpoints : name if e.arn == null && !contains(var.read, name)])}: its state is not read."
  }
}

variable "from" {
  description = "Percentage of all traffic by side, before the rollout: what is in force now."
  type        = map(number)
}

variable "to" {
  description = "Percentage of all traffic by side, after the rollout."
  type        = map(number)
}

variable "raised" {
  description = "Regions that keep a dial of 100 for now, so that no dial is lowered in the apply that raises another: in a disaster and on the way back (docs/drill.md)."
  type        = set(string)
  default     = []
}

variable "progress" {
  description = "How far the rollout is, in percent. reconcile sets it, step by step; an apply by hand goes to the end at once."
  type        = number
  default     = 100
}

variable "read" {
  description = "Workspaces whose states are read for checks: all, except those whose Region is lost. The values also work without them."
  type        = set(string)

  validation {
    condition     = length(setsubtract(var.read, ["common", "osaka-ap", "tokyo-ap-A", "tokyo-ap-B"])) == 0
    error_message = "read must be among common, tokyo-ap-A, tokyo-ap-B and osaka-ap."
  }
}

variable "listener_arn" {
  description = "Listener of the accelerator, from common's output accelerator. If null, it is read from common's state, which is lost with Tokyo."
  type        = string
  default     = null

  validation {
    condition     = var.listener_arn != null || contains(var.read, "common")
    error_message = "Set listener_arn in estate.auto.tfvars: common's state is not read. `aws globalaccelerator list-accelerators` and `list-listeners`, both with --region us-west-2, print it."
  }
}

variable "tags" {
  description = "Tags of all resources: Owner, DataClass, Environment."
  type        = map(string)
}
