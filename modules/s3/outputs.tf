output "name" {
  description = "Name of the bucket, known once its policy stands."
  value       = aws_s3_bucket_policy.this.bucket
}

output "arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.this.arn

  # Who writes to it finds its policy in place.
  depends_on = [aws_s3_bucket_policy.this]
}
