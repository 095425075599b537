output "side" {
  description = "The side, for switchover: mode, generation, Region, and its load balancer, null if absent; operators look at the side by the balancer's DNS name."
  value = {
    mode              = module.side.mode
    generation        = module.side.generation
    region            = data.aws_region.this.region
    balancer_arn      = module.side.balancer_arn
    balancer_dns_name = module.side.balancer_dns_name
  }
}

output "database" {
  description = "Database in Osaka, for operators: address, port, ARN (what Tokyo's would follow on the way back), and the snapshot that it would leave."
  value       = module.data.database
}

output "files" {
  description = "File system in Osaka: its id, and its DNS name for whoever mounts it by hand."
  value       = module.data.files
}
