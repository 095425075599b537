mock_provider "aws" {
  source          = "../../modules/mocks"
  override_during = plan

  mock_data "aws_region" {
    defaults = { region = "ap-northeast-3" }
  }

  mock_data "aws_availability_zones" {
    defaults = { zone_ids = ["apne3-az1", "apne3-az2", "apne3-az3"] }
  }
}

override_module {
  target = module.common_os
  outputs = { outputs = {
    certificate_arn = "arn:aws:acm:ap-northeast-3:123456789012:certificate/11111111-2222-3333-4444-555555555555"
    kms_key_arns    = { data = "arn:aws:kms:ap-northeast-3:123456789012:key/11111111-2222-3333-4444-555555555555" }
    log_buckets     = { balancer = "example-balancer-logs-osaka-123456789012", flow_arn = "arn:aws:s3:::example-flow-logs-osaka-123456789012" }
    topic_arn       = "arn:aws:sns:ap-northeast-3:123456789012:alarms"
    log_groups      = ["/aws/rds/instance/shop/postgresql", "/aws/rds/instance/shop/upgrade"]
    transit         = { gateway_id = "tgw-0123456789abcdef0", route_table_ids = { outside = "tgw-rtb-outside", shared = "tgw-rtb-shared", sides = "tgw-rtb-sides" } }
    vpc = { id = "vpc-0123456789abcdef0", data_subnets = {
      a = { id = "subnet-0123456789abcdef0", zone = "apne3-az3" }
      b = { id = "subnet-0123456789abcdef1", zone = "apne3-az1" }
    } }
  } }
}

override_module {
  target  = module.tokyo
  outputs = { outputs = { database = { address = "shop.abcdefghijkl.ap-northeast-1.rds.amazonaws.com", port = 5432 } } }
}

variables {
  mode       = "live"
  generation = 7
}

run "live" {
  command = plan

  assert {
    condition     = output.side.mode == "live" && output.side.generation == 7 && output.side.region == "ap-northeast-3" && output.side.balancer_arn != null
    error_message = "switchover does not learn of the side."
  }

  assert {
    condition     = length(module.side.subnets) == 4 && module.side.database == null && module.side.files == null
    error_message = "Data that a switch would lose is in the side."
  }
}

run "follows_tokyo_and_asks_the_near_one_first" {
  command = plan

  assert {
    condition     = output.database.final_snapshot == null && strcontains(local.first_start, "SHOP_DATABASES=${output.database.address},shop.abcdefghijkl.ap-northeast-1.rds.amazonaws.com\n")
    error_message = "The database does not follow, or servers do not find the one that takes writes."
  }
}

run "promoted_it_needs_nothing_of_tokyo" {
  command = plan

  variables {
    database = { engine = "postgres", engine_version = "17", instance_class = "db.m8g.large" }
  }

  assert {
    condition     = length(module.tokyo) == 0 && output.database.final_snapshot == "shop-final-1" && strcontains(local.first_start, "SHOP_DATABASES=${output.database.address}\n")
    error_message = "Without Tokyo there is no database, or no plan."
  }
}

run "absent_leaves_the_data" {
  command = plan

  variables {
    mode = "absent"
  }

  assert {
    condition     = output.side.mode == "absent" && output.side.balancer_arn == null && module.side.vpc_id == null
    error_message = "Something is left, or switchover does not learn that nothing is."
  }

  assert {
    condition     = output.database.port == 5432 && output.files.id != null
    error_message = "The data goes with the side."
  }
}
