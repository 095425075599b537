mock_provider "aws" {
  source          = "../../modules/mocks"
  override_during = plan
}

mock_provider "aws" {
  alias           = "osaka"
  source          = "../../modules/mocks"
  override_during = plan

  mock_data "aws_region" {
    defaults = { region = "ap-northeast-3" }
  }

  mock_data "aws_availability_zones" {
    defaults = {
      names    = ["ap-northeast-3a"]
      zone_ids = ["apne3-az3"]
    }
  }
}

override_resource {
  target          = module.states_key["osaka"].aws_kms_key.this
  override_during = plan
  values          = { arn = "arn:aws:kms:ap-northeast-3:123456789012:key/66666666-7777-8888-9999-000000000000" }
}

run "waits_for_people_and_keeps_states_in_two_regions" {
  command = plan

  assert {
    condition     = module.reconciler.task_definition_arn == null && module.standby.task_definition_arn == null && length(module.build) == 0 && !var.reconciler.run.enabled
    error_message = "A pass would start before anybody has looked."
  }

  assert {
    condition     = module.states_tokyo.replica.region == "ap-northeast-3" && module.states_osaka.replica.region == "ap-northeast-1"
    error_message = "A Region's loss would take its states along."
  }

  assert {
    condition     = module.reconciler.snapshots.copied_to == "s3://mocked/snapshots" && module.standby.snapshots.setting == "s3://example-reconcile-osaka-123456789012/snapshots"
    error_message = "The standby does not find Tokyo's snapshots among its own."
  }

  assert {
    condition     = { for name, arn in local.states : name => split("/", trimprefix(arn, "arn:aws:s3:::"))[0] if startswith(split("/", trimprefix(arn, "arn:aws:s3:::"))[0], "example-states-osaka") } == { for name in ["common_os", "osaka-ap", "switchover"] : name => "example-states-osaka-123456789012" }
    error_message = "What is needed when Tokyo is lost has its state in Tokyo, or the other way round."
  }
}

run "the_build_comes_with_its_image" {
  command = plan

  variables {
    reconciler = {
      build_image_digest = "sha256:0f9c1fe6eb4b8a6a1f4b1ad1e7f4f0a0a4f6b6b0a3a45c1d6dc8a52a1d8f0c3e"
      networks = {
        tokyo = { cidr = "10.255.0.0/24", zones = { a = { public = "10.255.0.0/28", private = "10.255.0.16/28" } } }
        osaka = { cidr = "10.255.1.0/24", zones = { a = { public = "10.255.1.0/28", private = "10.255.1.16/28" } } }
      }
    }
  }

  # By the name that the function and the task know it by.
  assert {
    condition     = module.build["this"].name == element(split("/", local.build_arn), 1)
    error_message = "The webhook would start another build."
  }
}

run "each_workspace_has_two_roles_and_its_own_states" {
  command = plan

  assert {
    condition     = keys(module.plan_role) == ["bootstrap", "common", "common_os", "osaka-ap", "switchover", "tokyo", "tokyo-ap-A", "tokyo-ap-B"]
    error_message = "A workspace cannot be planned."
  }

  assert {
    condition     = keys(module.apply_role) == ["common", "common_os", "osaka-ap", "switchover", "tokyo", "tokyo-ap-A", "tokyo-ap-B"]
    error_message = "A workspace cannot be applied, or bootstrap can: that role could do anything."
  }

  assert {
    condition     = length(local.workspace_roles) == length(module.plan_role) + length(module.apply_role)
    error_message = "Passes may assume other roles than there are."
  }

  assert {
    condition     = toset(local.state["tokyo-ap-A"].State.resources) == toset([for name in ["common", "tokyo", "tokyo-ap-A"] : "arn:aws:s3:::example-states-123456789012/${name}/terraform.tfstate"])
    error_message = "It reads other states than its own and its upstreams'."
  }

  assert {
    condition     = toset(local.state["tokyo-ap-A"].OtherObjects.not_resources) == toset(concat(local.state["tokyo-ap-A"].State.resources, ["arn:aws:s3:::example-states-123456789012/tokyo-ap-A/terraform.tfstate.tflock"]))
    error_message = "Other objects are not denied it."
  }
}

run "nobody_is_allowed_a_whole_service_or_unbounded_roles" {
  command = plan

  assert {
    condition = alltrue(flatten([for used in local.used : [for s in used : concat(
      [for action in s.look : !strcontains(action, "*")],
      flatten([for at in s.at : [for action in at.actions : !strcontains(action, "*")]]),
      flatten([for change in s.change : [for action in change.actions : !strcontains(action, "*")]]),
    )]]))
    error_message = "An action has a wildcard."
  }

  # Only common makes roles, all of them bounded.
  assert {
    condition = { for name, used in local.used : name => true if anytrue(flatten([for s in used : [for change in s.change : [
      for action in change.actions : startswith(action, "iam:")
    ]]])) } == { common = true }
    error_message = "Another workspace than common writes IAM."
  }

  assert {
    condition     = local.services_edge["common"].roles.change.BoundedRoles.conditions.StringEquals["iam:PermissionsBoundary"] == ["arn:aws:iam::123456789012:policy/reconcile/estate-boundary"]
    error_message = "A role could be made without the boundary."
  }

  assert {
    condition     = alltrue([for p in concat(values(aws_iam_policy.look), values(aws_iam_policy.network), [aws_iam_policy.boundary, aws_iam_policy.estate_boundary, aws_iam_policy.guard, aws_iam_policy.look_bootstrap]) : length(p.policy) <= 6144])
    error_message = "A managed policy has more than 6144 characters: ${join(", ", [for p in concat(values(aws_iam_policy.look), values(aws_iam_policy.network), [aws_iam_policy.boundary, aws_iam_policy.estate_boundary, aws_iam_policy.guard, aws_iam_policy.look_bootstrap]) : "${p.name} ${length(p.policy)}" if length(p.policy) > 5900])}."
  }
}

run "refuses_no_account" {
  command = plan

  variables {
    site = merge(var.site, { account_id = "12345678901" })
  }

  expect_failures = [var.site]
}

run "refuses_silence" {
  command = plan

  variables {
    site = merge(var.site, { alarm_subscriptions = {} })
  }

  expect_failures = [var.site]
}

run "refuses_what_is_no_service" {
  command = plan

  variables {
    service_linked_roles = ["autoscaling"]
  }

  expect_failures = [var.service_linked_roles]
}

run "refuses_an_external_id_that_can_be_guessed" {
  command = plan

  variables {
    site = merge(var.site, { connect = { role_arn = "arn:aws:iam::111122223333:role/network-operators", external_id = "1" } })
  }

  expect_failures = [var.site]
}
