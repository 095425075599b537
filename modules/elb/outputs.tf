output "arn" {
  description = "ARN of the load balancer, known once it listens: what an accelerator's endpoint takes."
  value       = aws_lb.this.arn

  depends_on = [aws_lb_listener.https]
}

output "arn_suffix" {
  description = "The load balancer's name in metrics."
  value       = aws_lb.this.arn_suffix
}

output "dns_name" {
  description = "DNS name of the load balancer."
  value       = aws_lb.this.dns_name
}

output "target_groups" {
  description = "Target groups by name: arn, and their names in metrics. Known once the listener uses them, without which an Auto Scaling group waits for servers that never get healthy."
  value       = { for name, group in aws_lb_target_group.this : name => { arn = group.arn, arn_suffix = group.arn_suffix } }

  depends_on = [aws_lb_listener.https, aws_lb_listener_rule.this]
}
