output "arn" {
  description = "ARN of the role, known once it may do what it should."
  value       = aws_iam_role.this.arn

  depends_on = [aws_iam_role_policy.this, aws_iam_role_policy_attachment.this]
}

output "name" {
  description = "Name of the role."
  value       = aws_iam_role.this.name
}

output "instance_profile_arn" {
  description = "ARN of the instance profile, null unless EC2 assumes the role."
  value       = one(aws_iam_instance_profile.this[*].arn)

  depends_on = [aws_iam_role_policy.this, aws_iam_role_policy_attachment.this]
}
