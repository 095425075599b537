# Terraform learns the time when it applies, not when it plans: of what is made
# from it, neither value nor type is known in a plan. And a precondition is
# asked before the value.
output "outputs" {
  description = "The workspace's outputs. Where it has none, unknown until the apply, which is refused then; or null, if they are not required."
  value       = local.applied ? local.read : var.required ? jsondecode(timestamp()) : null

  precondition {
    condition     = local.applied || !var.required || timestamp() == ""
    error_message = "${var.name} has never been applied, or was destroyed: apply it first (reconcile does so by itself in a pass over all workspaces)."
  }
}
