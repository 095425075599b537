output "mode" {
  description = "Mode of the side, for switchover: only what is live takes a weight."
  value       = var.mode
}

output "generation" {
  description = "Generation of the side."
  value       = var.generation
}

output "balancer_arn" {
  description = "ARN of the load balancer, for an accelerator's endpoint; null if absent."
  value       = one(module.balancer[*].arn)
}

output "balancer_dns_name" {
  description = "DNS name of the load balancer, to check the side directly; null if absent."
  value       = one(module.balancer[*].dns_name)
}

output "vpc_id" {
  description = "Id of the VPC, null if absent."
  value       = one(module.vpc[*].id)
}

output "accelerator_groups" {
  description = "Security groups that Global Accelerator made and the side adopts, by name: the workspace imports them into aws_security_group.accelerator."
  value       = local.accelerator_groups
}

output "subnets" {
  description = "Subnets by tier and zone; empty if absent."
  value       = local.tiers
}

output "attachment_id" {
  description = "Id of the transit gateway's attachment, null if absent."
  value       = one(module.attachment[*].id)
}

output "database" {
  description = "Address, secret and final snapshot of the side's own database, and what a switchover may lose; null if there is none."
  value = one([for db in module.database : {
    address        = db.address
    port           = db.port
    secret_arn     = db.secret_arn
    final_snapshot = db.final_snapshot
    rpo            = var.database.rpo
  }])
}

output "files" {
  description = "Id and DNS name of the side's own file system, and id of its access point; null if there is none."
  value       = one([for fs in module.files : { id = fs.id, dns_name = fs.dns_name, access_point_id = fs.access_points["files"].id }])
}
