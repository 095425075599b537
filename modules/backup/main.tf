resource "aws_backup_vault" "this" {
  region = var.region

  name        = var.name
  kms_key_arn = var.kms_key_arn

  tags = var.tags
}

# Without changeable_for_days the lock is in governance mode, which can still be
# removed with the permission to change the lock. Compliance mode cannot be
# removed by anybody.
resource "aws_backup_vault_lock_configuration" "this" {
  region = var.region

  backup_vault_name  = aws_backup_vault.this.name
  min_retention_days = var.lock.min_days
  max_retention_days = var.lock.max_days
}

resource "aws_backup_vault_notifications" "this" {
  region = var.region

  backup_vault_name   = aws_backup_vault.this.name
  sns_topic_arn       = var.topic_arn
  backup_vault_events = ["BACKUP_JOB_FAILED", "COPY_JOB_FAILED", "RESTORE_JOB_COMPLETED"]
}

resource "aws_backup_plan" "this" {
  count  = length(var.rules) > 0 ? 1 : 0
  region = var.region

  name = var.name

  dynamic "rule" {
    for_each = var.rules

    content {
      rule_name                    = rule.key
      target_vault_name            = aws_backup_vault.this.name
      schedule                     = "cron(${rule.value.cron})"
      schedule_expression_timezone = rule.value.time_zone
      start_window                 = 60
      completion_window            = 360
      enable_continuous_backup     = false
      recovery_point_tags          = var.tags

      lifecycle {
        delete_after = rule.value.keep_days
      }

      dynamic "copy_action" {
        for_each = var.copy_vault_arn == null || rule.value.copy_keep_days == null ? [] : [rule.value.copy_keep_days]

        content {
          destination_vault_arn = var.copy_vault_arn

          lifecycle {
            delete_after = copy_action.value
          }
        }
      }
    }
  }

  tags = var.tags
}

# By tag, so that later resources are included.
resource "aws_backup_selection" "this" {
  count  = length(var.rules) > 0 ? 1 : 0
  region = var.region

  name         = var.name
  plan_id      = aws_backup_plan.this[0].id
  iam_role_arn = var.role_arn

  selection_tag {
    type  = "STRINGEQUALS"
    key   = "Backup"
    value = var.name
  }
}
