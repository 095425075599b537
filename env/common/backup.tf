# Resources with the vault's tag are backed up every night and copied to the
# vault of common_os. That vault is referenced by name, because a plan may name
# a vault before it exists.
module "backup" {
  source = "../../modules/backup"

  name           = "estate"
  kms_key_arn    = module.key["backup"].arn
  role_arn       = module.backup_role.arn
  topic_arn      = module.alarms.arn
  copy_vault_arn = "arn:aws:backup:${local.far}:${var.site.account_id}:backup-vault:estate"
  rules          = var.backups
  tags           = var.tags
}

module "backup_role" {
  source = "../../modules/iam"

  name                 = "estate-backup"
  path                 = "/estate/"
  description          = "AWS Backup"
  permissions_boundary = local.boundary_arn
  trust                = { services = ["backup.amazonaws.com"] }
  managed_policies = {
    backup  = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"
    restore = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForRestores"
  }
  tags = var.tags
}
