output "side" {
  description = "The side, for switchover: mode, generation, Region, and its load balancer, null if absent; operators check the side by the load balancer's DNS name."
  value = {
    mode              = module.side.mode
    generation        = module.side.generation
    region            = data.aws_region.this.region
    balancer_arn      = module.side.balancer_arn
    balancer_dns_name = module.side.balancer_dns_name
  }
}
