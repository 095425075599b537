output "name" {
  description = "Name of the bucket."
  value       = var.name

  # The policy must exist before anything writes to the bucket.
  depends_on = [aws_s3_bucket_policy.this]
}

output "arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.this.arn

  depends_on = [aws_s3_bucket_policy.this]
}

output "replicated" {
  description = "Where objects are copied to, and which: the bucket by ARN, and the beginning of their keys (null: all). Null without copies."
  value       = one([for r in var.replication[*] : { bucket_arn = r.bucket_arn, prefix = r.prefix }])
}
