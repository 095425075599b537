output "accelerator" {
  description = "The accelerator and its listener, for switchover; addresses and DNS name, for operators who write the domain's record and partners' allow-lists."
  value = {
    arn          = module.accelerator.arn
    listener_arn = module.accelerator.listener_arn
    ip_addresses = module.accelerator.addresses
    dns_name     = module.accelerator.dns_name
  }
}

output "certificate_arn" {
  description = "Certificate of the shop in Tokyo, for the sides' load balancers."
  value       = module.certificate.arn
}

output "kms_key_arns" {
  description = "Keys in Tokyo: data, logs, backup."
  value       = { for name, key in module.key : name => key.arn }
}

output "log_buckets" {
  description = "Where Tokyo's logs go: the load balancers' bucket by name, the flow logs' bucket by ARN."
  value = {
    balancer = module.logs["balancer"].name
    flow_arn = module.logs["flow"].arn
  }
}

output "topic_arn" {
  description = "Topic of alarms in Tokyo."
  value       = module.alarms.arn
}

output "log_groups" {
  description = "Names of the log groups here: a database is made after its own."
  value       = keys(module.log_groups.log_groups)
}

output "key_name" {
  description = "Key pair in Tokyo for machines that operators make by hand. Servers of a side have none: Session Manager needs no key."
  value       = module.keypair.name
}

output "backup" {
  description = "Vault in Tokyo, and the tag of resources that its plan backs up."
  value = {
    vault_arn = module.backup.vault_arn
    tag       = module.backup.tag
  }
}

output "instance_profile_arn" {
  description = "Instance profile of the shop's servers in every Region: sides use it by name, and operators when they start a server by hand."
  value       = module.servers.instance_profile_arn
}

output "webhook_url" {
  description = "URL for Backlog's webhook, with the token in place of TOKEN; null while it is switched off. Operators type it into Backlog."
  value       = one([for api in module.api : "${api.url}/hook/TOKEN"])
}
