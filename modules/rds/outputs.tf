output "arn" {
  description = "ARN of the database: what a replica follows."
  value       = aws_db_instance.this.arn
}

output "identifier" {
  description = "Identifier of the database, its name in metrics."
  value       = aws_db_instance.this.identifier
}

output "address" {
  description = "DNS name of the database."
  value       = aws_db_instance.this.address
}

output "port" {
  description = "Port of the database."
  value       = aws_db_instance.this.port
}

output "secret_arn" {
  description = "ARN of the secret with the first user's password, null for a replica and what is followed."
  value       = local.replica || var.followed ? null : one(aws_db_instance.this.master_user_secret[*].secret_arn)
}

output "final_snapshot" {
  description = "Name of the final snapshot, null for a replica."
  value       = aws_db_instance.this.final_snapshot_identifier
}
