# A value made from the time has no known type or value in a plan. A
# precondition is checked before the value. It does not depend on the resource,
# so that dependents of this output can read their data sources in a first plan,
# too.
output "outputs" {
  description = "The workspace's outputs. If it has none, they are unknown until the apply, which is then refused; or null, if they are not required."
  value       = local.applied ? local.read : var.required ? jsondecode(timestamp()) : null

  precondition {
    condition     = local.applied || !var.required || timestamp() == ""
    error_message = local.refusal
  }
}
