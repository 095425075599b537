output "name" {
  description = "Name of the project."
  value       = aws_codebuild_project.this.name
}

output "arn" {
  description = "ARN of the project: what a caller of StartBuild is allowed."
  value       = aws_codebuild_project.this.arn
}
