output "name" {
  description = "Name of the bucket, known once its policy stands."
  value       = aws_s3_bucket_policy.this.bucket
}

output "arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.this.arn

  depends_on = [aws_s3_bucket_policy.this]
}

output "backend" {
  description = "What goes into the workspaces' backend \"s3\" blocks, beside a key of their own."
  value = {
    bucket       = aws_s3_bucket_policy.this.bucket
    region       = local.region
    encrypt      = true
    kms_key_id   = var.kms_key_arn
    use_lockfile = true
  }
}

output "replica" {
  description = "Name, ARN and Region of the copy, null without one."
  value       = one([for replica in module.replica : { name = replica.name, arn = replica.arn, region = var.replica.region }])
}
