variable "name" {
  description = "Name of the workspace that is read, for messages."
  type        = string
}

variable "state" {
  description = "Where its state lies: bucket, key and the bucket's Region."
  type = object({
    bucket = string
    key    = string
    region = string
  })
}

variable "required" {
  description = "Whether nothing can be applied before it. If not, outputs is null as long as it has none."
  type        = bool
  default     = true
  nullable    = false
}
