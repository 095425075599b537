output "vpc" {
  description = "Shared VPC: id, range, and the subnets for data that stays."
  value       = module.shared.vpc
}

output "vpg" {
  description = "Gateway to the premises, for tokyo, which connects it: its id and the range behind it; null if there is none."
  value       = one([for gateway in module.vpg : { id = gateway.id, cidr = module.shared.vpc.cidr }])
}

output "transit" {
  description = "Transit gateway that sides and Tokyo join: its id, and its route tables by name."
  value       = module.shared.transit
}

output "certificate_arn" {
  description = "Certificate of the load balancer in Osaka."
  value       = module.certificate.arn
}

output "kms_key_arns" {
  description = "Keys by purpose: data, logs, backup."
  value       = { for name, key in module.key : name => key.arn }
}

output "log_buckets" {
  description = "Where logs go: the load balancers' bucket by name, the flow logs' bucket by ARN."
  value       = { balancer = module.logs["balancer"].name, flow_arn = module.logs["flow"].arn }
}

output "topic_arn" {
  description = "Topic of alarms in Osaka."
  value       = module.alarms.arn
}

output "backup" {
  description = "Vault in Osaka: common copies to it, by name; operators restore from it."
  value       = { vault_arn = module.backup.vault_arn }
}

output "log_groups" {
  description = "Names of the log groups here: a database is made after its own."
  value       = keys(module.watch.log_groups)
}

output "key_name" {
  description = "Key pair in Osaka for machines that operators make by hand. Servers of a side have none: Session Manager needs no key."
  value       = module.keypair.name
}

output "addresses" {
  description = "Fixed outgoing addresses of every side, by zone; operators give them to partners with an allow-list."
  value       = module.shared.addresses
}

output "webhook_url" {
  description = "URL for Backlog's webhook when Tokyo is lost, with the token in place of TOKEN; null while it is switched off. Operators type it into Backlog."
  value       = one([for api in module.api : "${api.url}/hook/TOKEN"])
}
