# No upstream has a state yet: what it will say is unknown, and nothing else.

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

run "a_new_estate_is_planned_before_anything_of_it_exists" {
  command = plan

  assert {
    condition     = output.side.mode == var.mode
    error_message = "It is planned, and not as it is to be."
  }
}
