mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name        = "shop"
  vpc         = { id = "vpc-0123456789abcdef0", data_subnets = { a = { id = "subnet-0123456789abcdef0", zone = "apne1-az4" }, c = { id = "subnet-0123456789abcdef1", zone = "apne1-az1" } } }
  clients     = { a = "10.1.0.0/16", osaka = "10.17.0.0/16" }
  database    = { engine = "postgres", engine_version = "17", instance_class = "db.t4g.medium" }
  files       = { uid = 1500, gid = 1500 }
  kms_key_arn = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  log_groups  = ["/aws/rds/instance/shop/postgresql", "/aws/rds/instance/shop/upgrade", "/aws/rds/instance/shop-2/postgresql", "/aws/rds/instance/shop-2/upgrade"]
  topic_arns  = ["arn:aws:sns:ap-northeast-1:123456789012:alarms"]
  backup_tag  = { Backup = "daily" }
  tags        = { Owner = "shop", DataClass = "confidential", Environment = "test" }
}

run "database_and_files" {
  command = plan

  assert {
    condition     = output.database.port == 5432 && output.database.final_snapshot == "shop-final-1" && output.files.id != null
    error_message = "The database is another than was asked for."
  }

  assert {
    condition = { for name, rule in module.database_group.ingress : name => [rule.cidr, rule.from_port] } == {
      a = ["10.1.0.0/16", 5432], osaka = ["10.17.0.0/16", 5432]
      } && { for name, rule in module.files_group.ingress : name => [rule.cidr, rule.to_port] } == {
      a = ["10.1.0.0/16", 2049], osaka = ["10.17.0.0/16", 2049]
    }
    error_message = "Others than the clients reach the data, or they do not."
  }

  assert {
    condition     = keys(module.watch.alarms) == ["shop-database-load", "shop-database-storage"]
    error_message = "Nobody is told that the database is full."
  }
}

run "logs_are_written_through_an_access_point" {
  command = plan

  assert {
    condition     = output.files.access_point_id != null
    error_message = "Servers do not know the access point."
  }

  # Without an access point a client has the directory of root, which root may
  # not write to either.
  assert {
    condition     = { for name, p in module.files.access_points : name => p.id != null } == { logs = true }
    error_message = "Nobody can write to the file system."
  }
}

run "refuses_files_of_root" {
  command = plan

  variables {
    files = { uid = 0, gid = 0 }
  }

  expect_failures = [var.files]
}

run "replica" {
  command = plan

  variables {
    database = { engine = "postgres", engine_version = "17", instance_class = "db.t4g.medium", replica_of = "arn:aws:rds:ap-northeast-1:123456789012:db:shop" }
  }

  assert {
    condition     = output.database.final_snapshot == null && contains(keys(module.watch.alarms), "shop-database-lag")
    error_message = "Nobody is told how much a switch would lose."
  }
}

run "next_generation_is_another" {
  command = plan

  variables {
    database = { engine = "postgres", engine_version = "17", instance_class = "db.t4g.medium", generation = 2, snapshot_identifier = "shop-final-1" }
  }

  assert {
    condition     = keys(module.database) == ["2"] && module.database["2"].identifier == "shop-2" && output.database.final_snapshot == "shop-2-final-2"
    error_message = "The next database has the name of the last, which is still there when it is made."
  }
}
