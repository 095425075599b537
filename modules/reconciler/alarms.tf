# Alarms. docs/metrics.md explains the metrics; a test compares the names with
# those of the program.

locals {
  alarms = {
    "${var.name}-no-pass-completed" = {
      description = "No pass of ${var.name} completed in ${var.run.alarm_minutes} minutes: merged changes are not applied. See the log group ${aws_cloudwatch_log_group.this.name}, then `reconcile doctor`."
      metric      = "reconcile.pass.duration"
      statistic   = "SampleCount"
      when        = "<"
      threshold   = 1
      periods     = var.run.alarm_minutes / 5
      missing     = "breaching"
    }
    "${var.name}-behind" = {
      description = "The branch has been ahead of what ${var.name} has applied for ${var.run.behind_minutes} minutes: `reconcile status` says what fails, or waits for a person."
      metric      = "reconcile.staleness"
      statistic   = "Maximum"
      when        = ">"
      threshold   = var.run.behind_minutes * 60
      periods     = 1
      missing     = "ignore" # keep the state until a pass sends a value
    }
    "${var.name}-workspace-failed" = {
      description = "A workspace of ${var.name} failed: `reconcile status` says which, `reconcile runs` shows its log."
      metric      = "reconcile.workspaces.failed"
      statistic   = "Maximum"
      when        = ">="
      threshold   = 1
      periods     = 1
      missing     = "ignore"
    }
    "${var.name}-drifted" = {
      description = "Something that ${var.name} applied was changed behind Git's back: `reconcile status` says which workspaces, and how to put it back."
      metric      = "reconcile.workspaces.drifted"
      statistic   = "Maximum"
      when        = ">="
      threshold   = 1
      periods     = 1
      missing     = "ignore" # keep the state until the next drift check
    }
  }
  graphs = {
    "Passes"              = { "reconcile.pass.duration" = "Average", "reconcile.pass.failures" = "Sum" }
    "Workspaces"          = { "reconcile.workspaces.applied" = "Sum", "reconcile.workspaces.failed" = "Maximum", "reconcile.workspaces.blocked" = "Maximum", "reconcile.workspaces.drifted" = "Maximum" }
    "Seconds a workspace" = { "reconcile.workspace.duration" = "Maximum", "reconcile.lease.wait" = "Maximum" }
    "Seconds behind"      = { "reconcile.staleness" = "Maximum" }
  }
}

module "alarms" {
  source = "../cloudwatch"

  alarms = { for name, a in local.alarms : name => {
    description = a.description
    namespace   = local.namespace
    metric      = a.metric
    statistic   = a.statistic
    period      = 300
    times       = a.periods
    of          = a.periods
    when        = a.when
    threshold   = a.threshold
    missing     = a.missing
    enabled     = local.running
  } }
  graphs     = { for title, metrics in local.graphs : title => { namespace = local.namespace, metrics = metrics } }
  dashboard  = var.name
  topic_arns = var.alarm_topic_arns
  tags       = var.tags
}
