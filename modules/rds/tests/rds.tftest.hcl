mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name               = "shop"
  engine             = "postgres"
  engine_version     = "17"
  instance_class     = "db.t4g.medium"
  database           = "shop"
  subnet_ids         = { data-a = "subnet-2a", data-c = "subnet-2c" }
  security_group_ids = ["sg-0123456789abcdef0"]
  log_groups         = ["/aws/rds/instance/shop/postgresql", "/aws/rds/instance/shop/upgrade"]
  kms_key_arn        = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  tags               = { Owner = "shop", DataClass = "restricted", Environment = "test" }
}

run "no_password_of_ours_tls_encryption_and_a_way_back" {
  command = plan

  assert {
    condition     = aws_db_instance.this.manage_master_user_password && aws_db_instance.this.password == null
    error_message = "A password is ours, and so in the state."
  }

  assert {
    condition     = { for p in aws_db_parameter_group.this.parameter : p.name => p.value } == { "rds.force_ssl" = "1" } && aws_db_parameter_group.this.family == "postgres17"
    error_message = "The database takes connections in plain text."
  }

  assert {
    condition     = aws_db_instance.this.storage_encrypted && aws_db_instance.this.kms_key_id == var.kms_key_arn && !aws_db_instance.this.publicly_accessible
    error_message = "It is not encrypted with the key, or public."
  }

  assert {
    condition = alltrue([
      aws_db_instance.this.multi_az,
      aws_db_instance.this.deletion_protection,
      !aws_db_instance.this.skip_final_snapshot,
      !aws_db_instance.this.delete_automated_backups,
      aws_db_instance.this.backup_retention_period == 14,
      aws_db_instance.this.final_snapshot_identifier == "shop-final-1",
    ])
    error_message = "It can be lost."
  }

  assert {
    condition     = aws_db_instance.this.timeouts.create == "150m" && aws_db_instance.this.timeouts.update == "150m"
    error_message = "A large replica, or a change of class, is given up while AWS still works on it."
  }

  assert {
    condition     = output.secret_arn == "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:rds-mocked"
    error_message = "Nobody finds the password."
  }
}

run "mysql" {
  command = plan

  variables {
    engine         = "mysql"
    engine_version = "8.4"
    log_groups     = ["/aws/rds/instance/shop/error", "/aws/rds/instance/shop/slowquery"]
    parameters     = { max_connections = { value = "500" } }
  }

  assert {
    condition     = { for p in aws_db_parameter_group.this.parameter : p.name => p.value } == { max_connections = "500", require_secure_transport = "1" } && aws_db_parameter_group.this.family == "mysql8.4"
    error_message = "The parameters are others."
  }

  assert {
    condition     = aws_db_instance.this.port == 3306
    error_message = "The port is PostgreSQL's."
  }
}

run "retiring_leaves_a_snapshot_of_its_generation" {
  command = plan

  variables {
    deletion_protection = false
    generation          = 4
    snapshot_identifier = "shop-final-3"
  }

  assert {
    condition     = !aws_db_instance.this.deletion_protection && output.final_snapshot == "shop-final-4" && aws_db_instance.this.snapshot_identifier == "shop-final-3"
    error_message = "The last snapshot would clash with one before, or be none."
  }
}

run "replica_follows" {
  command = plan

  variables {
    replica_of = "arn:aws:rds:ap-northeast-1:123456789012:db:shop"
  }

  assert {
    condition     = aws_db_instance.this.replicate_source_db == var.replica_of && aws_db_instance.this.manage_master_user_password == null && aws_db_instance.this.skip_final_snapshot
    error_message = "It does not follow."
  }

  # Once promoted, it is the same database with the same values.
  assert {
    condition     = aws_db_instance.this.engine_version == "17"
    error_message = "Its promotion would also change its version."
  }
}

run "what_is_followed_has_a_password_that_nobody_knows" {
  command = plan

  variables {
    followed = true
  }

  assert {
    condition     = aws_db_instance.this.manage_master_user_password == null && aws_db_instance.this.password_wo_version == 1 && aws_db_instance.this.iam_database_authentication_enabled
    error_message = "AWS would refuse its replica, or nobody could sign in."
  }

  assert {
    condition     = output.secret_arn == null
    error_message = "There is a secret of a password that it does not have."
  }
}

run "refuses_log_groups_that_aws_would_make" {
  command = plan

  variables {
    log_groups = ["/aws/rds/instance/shop/postgresql", "/aws/rds/instance/other/upgrade"]
  }

  expect_failures = [aws_db_instance.this]
}

run "refuses_a_class_that_is_offered_in_one_zone" {
  command = plan

  override_data {
    target = data.aws_rds_orderable_db_instance.this
    values = { multi_az_capable = false }
  }

  expect_failures = [data.aws_rds_orderable_db_instance.this]
}

run "one_zone_is_enough_for_one_instance" {
  command = plan

  variables {
    multi_az = false
  }

  override_data {
    target = data.aws_rds_orderable_db_instance.this
    values = { multi_az_capable = false }
  }

  assert {
    condition     = !aws_db_instance.this.multi_az
    error_message = "It asks for two zones."
  }
}

run "refuses_a_name_with_an_underscore" {
  command = plan

  variables {
    name = "shop_db"
  }

  expect_failures = [var.name]
}

run "refuses_an_unknown_engine" {
  command = plan

  variables {
    engine = "oracle-se2"
  }

  expect_failures = [var.engine]
}

run "refuses_a_version_of_the_past" {
  command = plan

  variables {
    engine_version = "11"
  }

  expect_failures = [var.engine_version]
}

run "refuses_a_class_of_ec2" {
  command = plan

  variables {
    instance_class = "t4g.medium"
  }

  expect_failures = [var.instance_class]
}

run "refuses_a_database_with_a_hyphen" {
  command = plan

  variables {
    database = "my-shop"
  }

  expect_failures = [var.database]
}

run "refuses_a_user_that_is_guessed" {
  command = plan

  variables {
    username = "admin"
  }

  expect_failures = [var.username]
}

run "refuses_storage_that_cannot_grow" {
  command = plan

  variables {
    storage = { size = 100, max = 110 }
  }

  expect_failures = [var.storage]
}

run "refuses_one_subnet" {
  command = plan

  variables {
    subnet_ids = { data-a = "subnet-2a" }
  }

  expect_failures = [var.subnet_ids]
}

run "refuses_no_security_group" {
  command = plan

  variables {
    security_group_ids = []
  }

  expect_failures = [var.security_group_ids]
}

run "refuses_an_alias_for_a_key" {
  command = plan

  variables {
    kms_key_arn = "alias/shop"
  }

  expect_failures = [var.kms_key_arn]
}

run "refuses_to_leave_tls_out" {
  command = plan

  variables {
    parameters = { "rds.force_ssl" = { value = "0" } }
  }

  expect_failures = [var.parameters]
}

run "refuses_an_unknown_method" {
  command = plan

  variables {
    parameters = { max_connections = { value = "500", apply_method = "now" } }
  }

  expect_failures = [var.parameters]
}

run "refuses_no_backups" {
  command = plan

  variables {
    backup_days = 0
  }

  expect_failures = [var.backup_days]
}

run "refuses_to_follow_a_name" {
  command = plan

  variables {
    replica_of = "shop"
  }

  expect_failures = [var.replica_of]
}

run "refuses_two_beginnings" {
  command = plan

  variables {
    replica_of          = "arn:aws:rds:ap-northeast-1:123456789012:db:shop"
    snapshot_identifier = "shop-final-3"
  }

  expect_failures = [var.snapshot_identifier]
}

run "refuses_generation_zero" {
  command = plan

  variables {
    generation = 0
  }

  expect_failures = [var.generation]
}
