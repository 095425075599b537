output "egress_addresses" {
  description = "Fixed addresses of passes in Tokyo and of the standby in Osaka; operators add them to Backlog's allow-list."
  value       = { tokyo = module.reconciler.egress_addresses, osaka = module.standby.egress_addresses }
}

output "repository_urls" {
  description = "Image repositories that operators push to."
  value       = { tokyo = module.reconciler.repository_url, osaka = module.standby.repository_url }
}

output "secrets" {
  description = "Secrets whose values operators must set."
  value       = sort(concat(values(module.reconciler.secret_arns), values(module.standby.secret_arns)))
}

output "settings" {
  description = "Settings of reconcile for operators who run a pass from their own machine with the same record."
  value = {
    RECONCILE_STATE     = "dynamodb://${module.reconciler.table.name}"
    RECONCILE_SNAPSHOTS = module.reconciler.snapshots.setting
  }
}

output "programs" {
  description = "Where operators upload the webhook's program (built by make lambda), for common and for Osaka's webhook."
  value       = { for home in keys(var.site.regions) : home => "s3://${local.buckets.work[home]}/webhook/webhook.zip" }
}
