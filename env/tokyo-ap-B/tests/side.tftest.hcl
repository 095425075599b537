mock_provider "aws" {
  source          = "../../modules/mocks"
  override_during = plan
}

override_module {
  target = module.common
  outputs = { outputs = {
    certificate_arn = "arn:aws:acm:ap-northeast-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
    kms_key_arns    = { data = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555" }
    log_buckets     = { balancer = "example-balancer-logs-123456789012", flow_arn = "arn:aws:s3:::example-flow-logs-123456789012" }
    topic_arn       = "arn:aws:sns:ap-northeast-1:123456789012:alarms"
  } }
}

override_module {
  target = module.tokyo
  outputs = { outputs = {
    transit  = { gateway_id = "tgw-0123456789abcdef0", route_table_ids = { outside = "tgw-rtb-outside", shared = "tgw-rtb-shared", sides = "tgw-rtb-sides" } }
    database = { address = "shop.abcdefghijkl.ap-northeast-1.rds.amazonaws.com", port = 5432 }
    files    = { id = "fs-0123456789abcdef0", access_point_id = "fsap-0123456789abcdef0" }
  } }
}

variables {
  mode       = "live"
  generation = 7
}

run "live" {
  command = plan

  assert {
    condition     = output.side.mode == "live" && output.side.generation == 7 && output.side.region == "ap-northeast-1" && output.side.balancer_arn != null
    error_message = "switchover does not learn of the side."
  }

  assert {
    condition     = strcontains(local.first_start, "SHOP_DATABASES=shop.abcdefghijkl.ap-northeast-1.rds.amazonaws.com\n") && strcontains(local.first_start, "SHOP_FILES=fs-0123456789abcdef0\nSHOP_FILES_ACCESS_POINT=fsap-0123456789abcdef0\n")
    error_message = "Servers do not find their data."
  }

  assert {
    condition     = strcontains(local.first_start, "b\"${var.name}, generation 7\"") && strcontains(local.first_start, "\nEND\nfi\nsystemctl enable --now shop\n")
    error_message = "Servers without the application do not answer health checks."
  }

  assert {
    condition     = length(module.side.subnets) == 4 && module.side.database == null && module.side.files == null
    error_message = "Data that a switch would lose is in the side."
  }
}

run "retiring_is_still_there" {
  command = plan

  variables {
    mode = "retiring"
  }

  assert {
    condition     = output.side.mode == "retiring" && output.side.balancer_arn != null
    error_message = "A side that retires is gone already."
  }
}

run "absent_costs_nothing_and_says_so" {
  command = plan

  variables {
    mode = "absent"
  }

  assert {
    condition     = output.side.mode == "absent" && output.side.balancer_arn == null && output.side.balancer_dns_name == null && module.side.vpc_id == null
    error_message = "Something is left, or switchover does not learn that nothing is."
  }
}
