# terraform test -test-directory=tests/staging -var-file=../site.staging.tfvars -var-file=staging.tfvars

mock_provider "aws" {
  source          = "../../modules/mocks"
  override_during = plan

  mock_data "aws_region" {
    defaults = { region = "ap-northeast-3" }
  }

  mock_data "aws_availability_zones" {
    defaults = { zone_ids = ["apne3-az1", "apne3-az2", "apne3-az3"] }
  }

  mock_resource "aws_acm_certificate" {
    defaults = {
      arn = "arn:aws:acm:ap-northeast-3:210987654321:certificate/11111111-2222-3333-4444-555555555555"
      domain_validation_options = [{
        domain_name           = "shop.staging.example.com"
        resource_record_name  = "_x.shop.staging.example.com."
        resource_record_type  = "CNAME"
        resource_record_value = "_y.acm-validations.aws."
      }]
    }
  }
}

run "smaller_and_in_its_own_account" {
  command = plan

  assert {
    condition     = var.site.account_id == "210987654321"
    error_message = "Staging is in production's account."
  }

  assert {
    condition     = var.tags.Environment == "staging" && length(output.addresses) == 1 && endswith(var.site.domain, ".staging.example.com")
    error_message = "Staging costs as much as production, or has its name."
  }
}
