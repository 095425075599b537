output "name" {
  description = "Name of the bucket."
  value       = var.name

  # Who writes to it finds its policy in place.
  depends_on = [aws_s3_bucket_policy.this]
}

output "arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.this.arn

  depends_on = [aws_s3_bucket_policy.this]
}
