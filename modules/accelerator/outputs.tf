output "arn" {
  description = "ARN of the accelerator."
  value       = aws_globalaccelerator_accelerator.this.arn
}

output "listener_arn" {
  description = "ARN of the listener, for accelerator_endpoint."
  value       = aws_globalaccelerator_listener.this.arn
}

output "addresses" {
  description = "Its fixed addresses."
  value       = flatten(aws_globalaccelerator_accelerator.this.ip_sets[*].ip_addresses)
}

output "dns_name" {
  description = "Its DNS name, for an alias record."
  value       = aws_globalaccelerator_accelerator.this.dns_name
}

output "hosted_zone_id" {
  description = "Hosted zone id for an alias record to dns_name."
  value       = aws_globalaccelerator_accelerator.this.hosted_zone_id
}
