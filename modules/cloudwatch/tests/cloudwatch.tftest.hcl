mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  kms_key_arn = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  topic_arns  = ["arn:aws:sns:ap-northeast-1:123456789012:alarms"]
  log_groups  = { "/shop/web" = {}, "/shop/debug" = { days = 7, skip_destroy = false } }
  tags        = { Owner = "shop", DataClass = "internal", Environment = "test" }

  alarms = {
    shop-errors = {
      description = "The shop answers with errors: look at /shop/web."
      namespace   = "AWS/ApplicationELB"
      metric      = "HTTPCode_Target_5XX_Count"
      dimensions  = { LoadBalancer = "app/shop-a/0123456789abcdef" }
      threshold   = 10
    }
    shop-slow = {
      description = "The shop is slow: look at the database first."
      namespace   = "AWS/ApplicationELB"
      metric      = "TargetResponseTime"
      percentile  = "p99"
      times       = 4
      of          = 5
      threshold   = 2
    }
  }
}

run "logs_stay_and_are_encrypted" {
  command = plan

  assert {
    condition     = aws_cloudwatch_log_group.this["/shop/web"].retention_in_days == 400 && aws_cloudwatch_log_group.this["/shop/web"].skip_destroy && aws_cloudwatch_log_group.this["/shop/web"].kms_key_id == var.kms_key_arn
    error_message = "Evidence can be lost or read."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this["/shop/debug"].retention_in_days == 7 && !aws_cloudwatch_log_group.this["/shop/debug"].skip_destroy
    error_message = "What was asked for is not what is kept."
  }

  assert {
    condition     = length(aws_cloudwatch_dashboard.this) == 0
    error_message = "There is a dashboard that nobody asked for."
  }
}

run "alarms_are_heard" {
  command = plan

  variables {
    dashboard = "shop"
    region    = "us-west-2"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["shop-errors"].alarm_actions == var.topic_arns && aws_cloudwatch_metric_alarm.this["shop-errors"].comparison_operator == "GreaterThanThreshold" && aws_cloudwatch_metric_alarm.this["shop-errors"].statistic == "Sum"
    error_message = "Nobody hears the alarm, or it is another."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["shop-slow"].extended_statistic == "p99" && aws_cloudwatch_metric_alarm.this["shop-slow"].statistic == null && aws_cloudwatch_metric_alarm.this["shop-slow"].datapoints_to_alarm == 4
    error_message = "The slowest requests are not looked at."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["shop-slow"].region == "us-west-2" && aws_cloudwatch_log_group.this["/shop/web"].region == "us-west-2"
    error_message = "Something stays at home."
  }

  assert {
    condition     = [for w in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : w.properties.title] == ["Alarms", "shop-errors", "shop-slow"]
    error_message = "The dashboard shows something else."
  }
}

run "refuses_logs_without_a_key" {
  command = plan

  variables {
    kms_key_arn = null
  }

  expect_failures = [var.kms_key_arn]
}

run "refuses_days_that_are_not_offered" {
  command = plan

  variables {
    log_groups = { "/shop/web" = { days = 100 } }
  }

  expect_failures = [var.log_groups]
}

run "refuses_an_alarm_that_says_nothing" {
  command = plan

  variables {
    alarms = { shop = { namespace = "Shop", metric = "Orders", threshold = 1, description = "Broken" } }
  }

  expect_failures = [var.alarms]
}

run "refuses_an_unknown_comparison" {
  command = plan

  variables {
    alarms = { shop = { namespace = "Shop", metric = "Orders", threshold = 1, description = "No orders: look at the shop.", when = "==" } }
  }

  expect_failures = [var.alarms]
}

run "refuses_an_unknown_word_for_missing" {
  command = plan

  variables {
    alarms = { shop = { namespace = "Shop", metric = "Orders", threshold = 1, description = "No orders: look at the shop.", missing = "ok" } }
  }

  expect_failures = [var.alarms]
}

run "refuses_a_percentile_beyond_all" {
  command = plan

  variables {
    alarms = { shop = { namespace = "Shop", metric = "Orders", threshold = 1, description = "No orders: look at the shop.", percentile = "p100" } }
  }

  expect_failures = [var.alarms]
}

run "refuses_a_period_of_45_seconds" {
  command = plan

  variables {
    alarms = { shop = { namespace = "Shop", metric = "Orders", threshold = 1, description = "No orders: look at the shop.", period = 45 } }
  }

  expect_failures = [var.alarms]
}

run "refuses_more_times_than_periods" {
  command = plan

  variables {
    alarms = { shop = { namespace = "Shop", metric = "Orders", threshold = 1, description = "No orders: look at the shop.", times = 4, of = 3 } }
  }

  expect_failures = [var.alarms]
}

run "refuses_alarms_that_nobody_hears" {
  command = plan

  variables {
    topic_arns = []
  }

  expect_failures = [var.topic_arns]
}

run "refuses_a_dashboard_of_nothing" {
  command = plan

  variables {
    dashboard = "shop"
    alarms    = {}
  }

  expect_failures = [var.dashboard]
}

run "graphs_are_shown" {
  command = plan

  variables {
    dashboard = "shop"
    graphs    = { Visitors = { namespace = "Shop", metrics = { Visits = "Sum" } } }
  }

  assert {
    condition     = [for w in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : w.properties.metrics if w.properties.title == "Visitors"] == [[["Shop", "Visits", { stat = "Sum" }]]]
    error_message = "A graph is missing."
  }
}

run "refuses_graphs_without_a_dashboard" {
  command = plan

  variables {
    graphs = { Visitors = { namespace = "Shop", metrics = { Visits = "Sum" } } }
  }

  expect_failures = [var.graphs]
}

run "an_alarm_can_be_silent" {
  command = plan

  variables {
    alarms = { quiet = { description = "Nothing is to be done: it is not in use yet.", namespace = "Shop", metric = "Visits", threshold = 1, enabled = false } }
  }

  assert {
    condition     = !aws_cloudwatch_metric_alarm.this["quiet"].actions_enabled
    error_message = "It wakes people."
  }
}
