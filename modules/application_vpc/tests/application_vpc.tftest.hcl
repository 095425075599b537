mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name            = "shop-a"
  mode            = "live"
  generation      = 1
  cidr            = "10.1.0.0/16"
  zones           = { a = { id = "apne1-az4", number = 0 }, c = { id = "apne1-az1", number = 1 } }
  transit         = { gateway_id = "tgw-0123456789abcdef0", route_table_id = "tgw-rtb-0applications", propagate_to = { shared = "tgw-rtb-0shared" } }
  certificate_arn = "arn:aws:acm:ap-northeast-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
  logs            = { balancer_bucket = "example-logs", flow_bucket_arn = "arn:aws:s3:::example-flow-logs" }
  kms_key_arn     = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  topic_arns      = ["arn:aws:sns:ap-northeast-1:123456789012:alarms"]
  reaches         = { reports = { description = "Reports database", number = 1000, ports = "5432", cidr = "10.0.48.0/20" } }
  tags            = { Owner = "shop", DataClass = "internal", Environment = "test" }

  servers = {
    image_id             = "ami-0123456789abcdef0"
    instance_type        = "t4g.small"
    instance_profile_arn = "arn:aws:iam::123456789012:instance-profile/shop-servers"
    min                  = 2
    max                  = 6
  }
}

run "refuses_a_type_that_a_zone_does_not_have" {
  command = plan

  override_data {
    target = data.aws_ec2_instance_type_offerings.servers[0]
    values = { locations = ["apne1-az1", "apne1-az2"] }
  }

  expect_failures = [data.aws_ec2_instance_type_offerings.servers]
}

run "live" {
  command = plan

  assert {
    condition     = output.mode == "live" && output.balancer_arn != null && output.attachment_id != null
    error_message = "The side is not there."
  }

  assert {
    condition = { for tier, zones in output.subnets : tier => [for zone in zones : zone.cidr] } == {
      balancer = ["10.1.0.0/24", "10.1.1.0/24"]
      transit  = ["10.1.4.0/28", "10.1.4.16/28"]
      data     = ["10.1.8.0/24", "10.1.9.0/24"]
      servers  = ["10.1.16.0/20", "10.1.32.0/20"]
    }
    error_message = "The subnets lie elsewhere."
  }

  assert {
    condition     = module.routes[0].routes["servers all"] == { cidr = "0.0.0.0/0", target = "tgw-0123456789abcdef0" }
    error_message = "Servers go out by themselves, past the shared VPC."
  }

  assert {
    condition     = length(module.vpc[0].nat_addresses) == 0 && output.database == null && output.files == null
    error_message = "Something costs that nobody asked for."
  }

  assert {
    condition     = contains(keys(module.acl[0].rules.servers), "out reports") && contains(keys(module.watch[0].alarms), "shop-a-none-healthy")
    error_message = "The estate's database is not reached, or nobody is told when no server is left."
  }
}

run "database_and_files_of_its_own" {
  command = plan

  variables {
    generation = 3
    mode       = "retiring"
    files      = { uid = 1500, gid = 1500 }
    backup_tag = { Backup = "daily" }
    database   = { engine = "postgres", engine_version = "17", instance_class = "db.t4g.medium", log_groups = ["/aws/rds/instance/shop-a/postgresql", "/aws/rds/instance/shop-a/upgrade"], rpo = "What was written since the nightly snapshot", snapshot_identifier = "shop-b-final-2" }
  }

  assert {
    condition     = output.database.final_snapshot == "shop-a-final-3" && output.files.access_point_id != null
    error_message = "The last snapshot is not this generation's, or nobody can write to the file system."
  }

  assert {
    condition     = contains(keys(module.acl[0].rules.data), "in servers a 5432") && contains(keys(module.acl[0].rules.data), "in servers a 2049")
    error_message = "Servers do not reach their data."
  }
}

run "absent_leaves_nothing_and_says_so" {
  command = plan

  variables {
    mode  = "absent"
    files = { uid = 1500, gid = 1500 }
  }

  assert {
    condition = alltrue([for count in [
      length(module.vpc), length(module.attachment), length(module.routes), length(module.acl), length(module.security_groups),
      length(module.balancer), length(module.template), length(module.servers), length(module.database), length(module.files), length(module.watch),
    ] : count == 0])
    error_message = "Something is left."
  }

  assert {
    condition     = output.mode == "absent" && output.balancer_arn == null && output.vpc_id == null && length(output.subnets) == 0
    error_message = "Readers do not learn that it is gone."
  }
}

run "refuses_to_go_from_live_to_absent" {
  command = plan

  variables {
    mode = "absent"
  }

  override_data {
    target          = data.aws_lbs.left
    override_during = plan
    values          = { arns = ["arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/shop-a/0123456789abcdef"] }
  }

  override_data {
    target          = data.aws_lb.left
    override_during = plan
    values          = { enable_deletion_protection = true }
  }

  expect_failures = [terraform_data.mode]
}

run "goes_from_retiring_to_absent" {
  command = plan

  variables {
    mode = "absent"
  }

  override_data {
    target          = data.aws_lbs.left
    override_during = plan
    values          = { arns = ["arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/shop-a/0123456789abcdef"] }
  }

  override_data {
    target          = data.aws_lb.left
    override_during = plan
    values          = { enable_deletion_protection = false }
  }

  assert {
    condition     = output.mode == "absent"
    error_message = "It can never go."
  }
}

run "retiring_adopts_the_accelerators_group" {
  command = plan

  variables {
    mode = "retiring"
  }

  override_data {
    target          = data.aws_vpcs.this
    override_during = plan
    values          = { ids = ["vpc-0123456789abcdef0"] }
  }

  override_data {
    target          = data.aws_security_groups.accelerator
    override_during = plan
    values          = { ids = ["sg-0accelerator000000"] }
  }

  assert {
    condition     = output.accelerator_groups == { GlobalAccelerator = "sg-0accelerator000000" } && keys(aws_security_group.accelerator) == ["GlobalAccelerator"]
    error_message = "The VPC could never be deleted."
  }
}

run "live_leaves_the_accelerators_group_alone" {
  command = plan

  assert {
    condition     = length(output.accelerator_groups) == 0 && length(aws_security_group.accelerator) == 0
    error_message = "A side would change because an endpoint joined."
  }
}

run "nobody_gets_past_the_accelerator" {
  command = plan

  variables {
    admit = "accelerator"
  }

  override_data {
    target          = data.aws_vpcs.this
    override_during = plan
    values          = { ids = ["vpc-0123456789abcdef0"] }
  }

  override_data {
    target          = data.aws_security_groups.accelerator
    override_during = plan
    values          = { ids = ["sg-0accelerator000000"] }
  }

  assert {
    condition     = keys(aws_security_group.accelerator) == ["GlobalAccelerator"]
    error_message = "The rule of the load balancer would name a group that can vanish."
  }
}

run "refuses_to_admit_an_accelerator_that_it_has_not_joined" {
  command = plan

  variables {
    admit = "accelerator"
  }

  expect_failures = [terraform_data.mode]
}

run "refuses_to_admit_nobody" {
  command = plan

  variables {
    admit = "nobody"
  }

  expect_failures = [var.admit]
}

run "refuses_a_name_with_capitals" {
  command = plan

  variables {
    name = "Shop-A"
  }

  expect_failures = [var.name]
}

run "refuses_an_unknown_mode" {
  command = plan

  variables {
    mode = "standby"
  }

  expect_failures = [var.mode]
}

run "refuses_generation_zero" {
  command = plan

  variables {
    generation = 0
  }

  expect_failures = [var.generation]
}

run "refuses_a_narrow_range" {
  command = plan

  variables {
    cidr = "10.1.0.0/20"
  }

  expect_failures = [var.cidr]
}

run "refuses_one_zone" {
  command = plan

  variables {
    zones = { a = { id = "apne1-az4", number = 0 } }
  }

  expect_failures = [var.zones]
}

run "refuses_a_number_twice" {
  command = plan

  variables {
    zones = { a = { id = "apne1-az4", number = 0 }, c = { id = "apne1-az1", number = 0 } }
  }

  expect_failures = [var.zones]
}

run "refuses_fewer_servers_than_zones" {
  command = plan

  variables {
    servers = {
      image_id             = "ami-0123456789abcdef0"
      instance_type        = "t4g.small"
      instance_profile_arn = "arn:aws:iam::123456789012:instance-profile/shop-servers"
      min                  = 1
      max                  = 6
    }
  }

  expect_failures = [var.servers]
}

run "refuses_a_database_that_does_not_say_what_is_lost" {
  command = plan

  variables {
    database = { engine = "postgres", engine_version = "17", instance_class = "db.t4g.medium", log_groups = [], rpo = "none" }
  }

  expect_failures = [var.database]
}

run "refuses_an_empty_database_of_the_second_generation" {
  command = plan

  variables {
    generation = 2
    database   = { engine = "postgres", engine_version = "17", instance_class = "db.t4g.medium", log_groups = [], rpo = "What was written since the nightly snapshot" }
  }

  expect_failures = [var.database]
}

run "refuses_files_of_root" {
  command = plan

  variables {
    files = { uid = 0, gid = 1500 }
  }

  expect_failures = [var.files]
}
