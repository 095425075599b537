# What is made from the time is of no known type or value in a plan. And a
# precondition is asked before the value. It does not lean on the resource, so
# that what waits for this output reads its data sources in a first plan, too.
output "outputs" {
  description = "The workspace's outputs. Where it has none, unknown until the apply, which is refused then; or null, if they are not required."
  value       = local.applied ? local.read : var.required ? jsondecode(timestamp()) : null

  precondition {
    condition     = local.applied || !var.required || timestamp() == ""
    error_message = local.refusal
  }
}
