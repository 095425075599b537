output "arn" {
  description = "ARN of the topic."
  value       = aws_sns_topic.this.arn

  # The policy must exist before anything publishes.
  depends_on = [aws_sns_topic_policy.this]
}

output "kms_key_arn" {
  description = "ARN of the topic's key."
  value       = module.key.arn
}
