output "vault_arn" {
  description = "ARN of the vault, known once it is locked."
  value       = aws_backup_vault.this.arn

  depends_on = [aws_backup_vault_lock_configuration.this]
}

output "tag" {
  description = "Tag of what is backed up, to be merged into its tags; empty without rules."
  value       = length(var.rules) > 0 ? tomap({ Backup = var.name }) : tomap({})
}
