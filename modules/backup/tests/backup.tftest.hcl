mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name           = "daily"
  kms_key_arn    = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  role_arn       = "arn:aws:iam::123456789012:role/backup"
  copy_vault_arn = "arn:aws:backup:ap-northeast-3:123456789012:backup-vault:daily"
  topic_arn      = "arn:aws:sns:ap-northeast-1:123456789012:alarms"
  rules          = { night = { cron = "0 3 * * ? *", keep_days = 35, copy_keep_days = 35 } }
  tags           = { Owner = "platform", DataClass = "restricted", Environment = "test" }
}

run "locked_and_copied" {
  command = plan

  assert {
    condition     = aws_backup_vault_lock_configuration.this.min_retention_days == 7 && aws_backup_vault_lock_configuration.this.changeable_for_days == null
    error_message = "The vault is not locked, or in a way that nobody can take back."
  }

  assert {
    condition     = [for r in aws_backup_plan.this[0].rule : one(r.copy_action).destination_vault_arn] == [var.copy_vault_arn]
    error_message = "There is no copy in another Region."
  }

  assert {
    condition     = one(aws_backup_selection.this[0].selection_tag).key == "Backup" && one(aws_backup_selection.this[0].selection_tag).value == "daily" && output.tag == tomap({ Backup = "daily" })
    error_message = "What is tagged is not what is backed up."
  }

  assert {
    condition     = aws_backup_vault.this.kms_key_arn == var.kms_key_arn && aws_backup_vault_notifications.this.sns_topic_arn == var.topic_arn
    error_message = "The vault has another key, or tells somebody else."
  }
}

run "target_of_copies_in_another_region" {
  command = plan

  variables {
    region         = "ap-northeast-3"
    rules          = {}
    role_arn       = null
    copy_vault_arn = null
    topic_arn      = "arn:aws:sns:ap-northeast-3:123456789012:alarms"
  }

  assert {
    condition     = aws_backup_vault.this.region == "ap-northeast-3" && length(aws_backup_plan.this) == 0 && length(aws_backup_selection.this) == 0 && length(output.tag) == 0
    error_message = "It is elsewhere, or makes backups of its own."
  }

  assert {
    condition     = contains(aws_backup_vault_notifications.this.backup_vault_events, "COPY_JOB_FAILED")
    error_message = "Nobody is told of a failed copy."
  }
}

run "refuses_a_name_with_a_space" {
  command = plan

  variables {
    name = "every day"
  }

  expect_failures = [var.name]
}

run "refuses_an_alias_for_a_key" {
  command = plan

  variables {
    kms_key_arn = "alias/backup"
  }

  expect_failures = [var.kms_key_arn]
}

run "refuses_a_lock_without_room" {
  command = plan

  variables {
    lock = { min_days = 40, max_days = 30 }
  }

  expect_failures = [var.lock]
}

run "refuses_cron_of_five_fields" {
  command = plan

  variables {
    rules = { night = { cron = "0 3 * * *", keep_days = 35 } }
  }

  expect_failures = [var.rules]
}

run "refuses_to_keep_less_than_the_lock" {
  command = plan

  variables {
    rules = { night = { cron = "0 3 * * ? *", keep_days = 3 } }
  }

  expect_failures = [var.rules]
}

run "refuses_copies_to_nowhere" {
  command = plan

  variables {
    copy_vault_arn = null
  }

  expect_failures = [var.rules]
}

run "refuses_a_vault_by_name" {
  command = plan

  variables {
    copy_vault_arn = "daily"
  }

  expect_failures = [var.copy_vault_arn]
}

run "refuses_rules_without_a_role" {
  command = plan

  variables {
    role_arn = null
  }

  expect_failures = [var.role_arn]
}
