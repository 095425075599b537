output "id" {
  description = "Id of the file system."
  value       = aws_efs_file_system.this.id
}

output "arn" {
  description = "ARN of the file system."
  value       = aws_efs_file_system.this.arn
}

output "dns_name" {
  description = "Name that clients mount, known once it can be mounted in every zone."
  value       = aws_efs_file_system.this.dns_name

  depends_on = [aws_efs_mount_target.this, aws_efs_file_system_policy.this]
}

output "access_points" {
  description = "Access points by name: id and arn."
  value       = { for name, point in aws_efs_access_point.this : name => { id = point.id, arn = point.arn } }
}
