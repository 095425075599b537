mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name  = "common"
  state = { bucket = "example-states-123456789012", key = "common/terraform.tfstate", region = "ap-northeast-3" }
}

run "reads_a_state_that_is_there" {
  command = plan

  override_data {
    target = data.aws_s3_objects.this
    values = { keys = ["common/terraform.tfstate"] }
  }

  override_data {
    target = data.terraform_remote_state.this
    values = { outputs = { certificate_arn = "arn", kms_key_arns = { data = "key" } } }
  }

  assert {
    condition     = output.outputs.certificate_arn == "arn" && output.outputs.kms_key_arns.data == "key"
    error_message = "The outputs are not those of the state."
  }

  assert {
    condition     = data.aws_s3_objects.this.region == "ap-northeast-3" && data.terraform_remote_state.this[0].config.region == "ap-northeast-3"
    error_message = "The state is not read in its bucket's Region."
  }
}

run "plans_before_the_first_apply" {
  command = plan

  assert {
    condition     = length(data.terraform_remote_state.this) == 0
    error_message = "A state that was never written is read."
  }
}

run "refuses_an_apply_before_the_first" {
  expect_failures = [terraform_data.read, output.outputs]
}

run "takes_no_lock_for_a_state" {
  command = plan

  override_data {
    target = data.aws_s3_objects.this
    values = { keys = ["common/terraform.tfstate.tflock"] }
  }

  assert {
    condition     = length(data.terraform_remote_state.this) == 0
    error_message = "The lock of a first apply is read as a state."
  }
}

run "plans_after_a_destroy" {
  command = plan

  override_data {
    target = data.aws_s3_objects.this
    values = { keys = ["common/terraform.tfstate"] }
  }

  override_data {
    target = data.terraform_remote_state.this
    values = { outputs = {} }
  }

  assert {
    condition     = !local.applied
    error_message = "An emptied state is taken for one with outputs."
  }
}

run "refuses_an_apply_after_a_destroy" {
  override_data {
    target = data.aws_s3_objects.this
    values = { keys = ["common/terraform.tfstate"] }
  }

  override_data {
    target = data.terraform_remote_state.this
    values = { outputs = {} }
  }

  expect_failures = [terraform_data.read, output.outputs]
}

run "only_looks" {
  variables {
    required = false
  }

  assert {
    condition     = output.outputs == null && length(terraform_data.read) == 0
    error_message = "Outputs that are not required are made up, or remembered."
  }
}

run "remembers_that_it_read" {
  override_data {
    target = data.aws_s3_objects.this
    values = { keys = ["common/terraform.tfstate"] }
  }

  override_data {
    target = data.terraform_remote_state.this
    values = { outputs = { certificate_arn = "arn" } }
  }

  assert {
    condition     = terraform_data.read[0].output == "common"
    error_message = "Nothing tells later that there were outputs."
  }
}

run "refuses_a_plan_after_their_loss" {
  command = plan

  expect_failures = [terraform_data.read]
}
