# No upstream has a state yet: what it will say is unknown, and nothing else.

mock_provider "aws" {
  source          = "../../modules/mocks"
  override_during = plan
}

run "a_new_estate_is_planned_before_anything_of_it_exists" {
  command = plan

  assert {
    condition     = output.side.mode == var.mode
    error_message = "It is planned, and not as it is to be."
  }
}
