output "vpc" {
  description = "Shared VPC: id, range, and the subnets in which data that stays is made."
  value       = module.shared.vpc
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
  description = "Keys by what they are for: data, logs, backup."
  value       = { for name, key in module.key : name => key.arn }
}

output "log_buckets" {
  description = "Where logs go: the bucket of load balancers' by name, that of flow logs by ARN."
  value       = { balancer = module.logs["balancer"].name, flow_arn = module.logs["flow"].arn }
}

output "topic_arn" {
  description = "Topic that alarms in Osaka tell."
  value       = module.alarms.arn
}

output "backup" {
  description = "Vault in Osaka: common, which names it by itself, copies to it; operators restore from it."
  value       = { vault_arn = module.backup.vault_arn }
}

output "key_name" {
  description = "Key pair of the operators in Osaka."
  value       = module.keypair.name
}

output "addresses" {
  description = "Fixed addresses from which every side goes out, by zone: operators give them to whoever lets only known ones in."
  value       = module.shared.addresses
}

output "webhook_url" {
  description = "Where Backlog's webhook is to point when Tokyo is lost, with the token in place of TOKEN; null while it is switched off. Operators type it into Backlog."
  value       = one([for api in module.api : "${api.url}/hook/TOKEN"])
}
