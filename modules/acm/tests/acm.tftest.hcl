mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  domain            = "shop.example.com"
  alternative_names = ["*.shop.example.com", "www.example.com"]
  zone_id           = "Z0123456789ABCDEFGHIJ"
  alarm             = { topic_arns = ["arn:aws:sns:ap-northeast-1:123456789012:alarms"] }
  tags              = { Owner = "shop", DataClass = "public", Environment = "test" }
}

run "proven_once_a_name_and_watched" {
  command = plan

  assert {
    condition     = aws_acm_certificate.this.validation_method == "DNS"
    error_message = "Somebody would have to answer mail."
  }

  assert {
    condition     = keys(aws_route53_record.this) == ["shop.example.com", "www.example.com"] && one(aws_route53_record.this["www.example.com"].records) == "_y2.acm-validations.aws."
    error_message = "The proofs are others; a wildcard needs none of its own."
  }

  assert {
    condition     = output.arn == aws_acm_certificate_validation.this.certificate_arn
    error_message = "A listener would get a certificate that is not issued."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.expiry.threshold == 30 && aws_cloudwatch_metric_alarm.expiry.alarm_actions == toset(["arn:aws:sns:ap-northeast-1:123456789012:alarms"])
    error_message = "Nobody is told when it runs out."
  }
}

run "in_another_region" {
  command = plan

  variables {
    region = "ap-northeast-3"
  }

  assert {
    condition     = alltrue([for region in [aws_acm_certificate.this.region, aws_acm_certificate_validation.this.region, aws_cloudwatch_metric_alarm.expiry.region] : region == "ap-northeast-3"])
    error_message = "Something stays at home."
  }
}

run "another_regions_certificate_of_the_name_proves_it" {
  command = plan

  variables {
    zone_id = null
  }

  assert {
    condition     = length(aws_route53_record.this) == 0 && aws_acm_certificate_validation.this.validation_record_fqdns == null
    error_message = "One record would have two owners, and the first to go would take it from the other."
  }
}

run "refuses_a_url" {
  command = plan

  variables {
    domain = "https://shop.example.com"
  }

  expect_failures = [var.domain]
}

run "refuses_a_name_that_is_none" {
  command = plan

  variables {
    alternative_names = ["shop"]
  }

  expect_failures = [var.alternative_names]
}

run "refuses_a_name_twice" {
  command = plan

  variables {
    alternative_names = ["shop.example.com"]
  }

  expect_failures = [var.alternative_names]
}

run "refuses_a_zone_by_name" {
  command = plan

  variables {
    zone_id = "example.com"
  }

  expect_failures = [var.zone_id]
}

run "refuses_an_alarm_for_nobody" {
  command = plan

  variables {
    alarm = { topic_arns = [] }
  }

  expect_failures = [var.alarm]
}

run "refuses_an_alarm_before_renewal" {
  command = plan

  variables {
    alarm = { topic_arns = ["arn:aws:sns:ap-northeast-1:123456789012:alarms"], days = 60 }
  }

  expect_failures = [var.alarm]
}
