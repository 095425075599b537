output "id" {
  description = "Id of the template."
  value       = aws_launch_template.this.id
}

output "version" {
  description = "Number of the newest version: what an Auto Scaling group needs to see that something changed."
  value       = tostring(aws_launch_template.this.latest_version)
}
