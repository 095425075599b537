output "name" {
  description = "Name of the group."
  value       = aws_autoscaling_group.this.name
}
