mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name               = "shop-logs"
  kms_key_arn        = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  security_group_ids = ["sg-0123456789abcdef0"]
  tags               = { Owner = "shop", DataClass = "confidential", Environment = "test" }

  subnets = {
    data-a = { id = "subnet-2a", zone = "apne1-az4" }
    data-c = { id = "subnet-2c", zone = "apne1-az1" }
  }
}

run "encrypted_and_mounted_once_a_zone" {
  command = plan

  assert {
    condition     = aws_efs_file_system.this.encrypted && aws_efs_file_system.this.kms_key_id == var.kms_key_arn
    error_message = "It is not encrypted with the key."
  }

  assert {
    condition     = { for zone, target in aws_efs_mount_target.this : zone => target.subnet_id } == { apne1-az1 = "subnet-2c", apne1-az4 = "subnet-2a" }
    error_message = "There is not one mount target a zone."
  }

  assert {
    condition     = [for s in jsondecode(aws_efs_file_system_policy.this.policy).Statement : "${s.Effect} ${s.Sid}"] == ["Allow ClientsInTheVPC", "Deny TLSOnly"]
    error_message = "The policy's statements are others."
  }

  assert {
    condition     = one([for s in jsondecode(aws_efs_file_system_policy.this.policy).Statement : s.Condition if s.Sid == "TLSOnly"]) == { Bool = { "aws:SecureTransport" = "false" } }
    error_message = "What is not encrypted on its way is let in."
  }

  assert {
    condition     = !contains(flatten([for s in jsondecode(aws_efs_file_system_policy.this.policy).Statement : s.Action if s.Effect == "Allow"]), "elasticfilesystem:ClientRootAccess")
    error_message = "Clients are root."
  }

  assert {
    condition     = one(aws_efs_backup_policy.this.backup_policy).status == "ENABLED" && length(aws_efs_replication_configuration.this) == 0
    error_message = "There is no backup, or a copy that nobody asked for."
  }
}

run "access_points_and_copy" {
  command = plan

  variables {
    access_points = { web = { path = "/web", uid = 1000, gid = 1000 } }
    copy          = { region = "ap-northeast-3", kms_key_arn = "arn:aws:kms:ap-northeast-3:123456789012:key/11111111-2222-3333-4444-555555555555" }
  }

  assert {
    condition     = one(aws_efs_access_point.this["web"].root_directory).path == "/web" && one(aws_efs_access_point.this["web"].posix_user).uid == 1000
    error_message = "The access point is another."
  }

  assert {
    condition     = one(aws_efs_replication_configuration.this[0].destination).region == "ap-northeast-3"
    error_message = "There is no copy."
  }
}

run "refuses_an_alias_for_a_key" {
  command = plan

  variables {
    kms_key_arn = "alias/shop"
  }

  expect_failures = [var.kms_key_arn]
}

run "refuses_two_subnets_in_a_zone" {
  command = plan

  variables {
    subnets = { one = { id = "subnet-2a", zone = "apne1-az4" }, other = { id = "subnet-2b", zone = "apne1-az4" } }
  }

  expect_failures = [var.subnets]
}

run "refuses_no_security_group" {
  command = plan

  variables {
    security_group_ids = []
  }

  expect_failures = [var.security_group_ids]
}

run "refuses_the_root_directory" {
  command = plan

  variables {
    access_points = { web = { path = "/", uid = 1000, gid = 1000 } }
  }

  expect_failures = [var.access_points]
}

run "refuses_root" {
  command = plan

  variables {
    access_points = { web = { path = "/web", uid = 0, gid = 0 } }
  }

  expect_failures = [var.access_points]
}

run "refuses_permissions_in_letters" {
  command = plan

  variables {
    access_points = { web = { path = "/web", uid = 1000, gid = 1000, permissions = "rwxr-x---" } }
  }

  expect_failures = [var.access_points]
}

run "refuses_a_copy_with_a_key_of_here" {
  command = plan

  variables {
    copy = { region = "ap-northeast-3", kms_key_arn = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555" }
  }

  expect_failures = [var.copy]
}
