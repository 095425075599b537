# Logs are evidence: a group that is removed here stays in AWS until its logs
# have expired, unless skip_destroy is turned off first.
resource "aws_cloudwatch_log_group" "this" {
  for_each = var.log_groups
  region   = var.region

  name              = each.key
  retention_in_days = each.value.days
  kms_key_id        = var.kms_key_arn
  skip_destroy      = each.value.skip_destroy

  tags = var.tags
}

resource "aws_cloudwatch_metric_alarm" "this" {
  # checkov:skip=CKV_AWS_319:Told off where there is nothing to tell yet: see enabled.
  for_each = var.alarms
  region   = var.region

  alarm_name          = each.key
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.percentile == null ? each.value.statistic : null
  extended_statistic  = each.value.percentile
  period              = each.value.period
  evaluation_periods  = each.value.of
  datapoints_to_alarm = each.value.times
  comparison_operator = local.comparisons[each.value.when]
  threshold           = each.value.threshold
  treat_missing_data  = each.value.missing
  actions_enabled     = each.value.enabled
  alarm_actions       = var.topic_arns
  ok_actions          = var.topic_arns

  tags = var.tags
}

locals {
  comparisons = {
    ">"  = "GreaterThanThreshold"
    ">=" = "GreaterThanOrEqualToThreshold"
    "<"  = "LessThanThreshold"
    "<=" = "LessThanOrEqualToThreshold"
  }
}

data "aws_region" "this" {}

resource "aws_cloudwatch_dashboard" "this" {
  count  = var.dashboard == null ? 0 : 1
  region = var.region

  dashboard_name = var.dashboard
  dashboard_body = jsonencode({
    widgets = concat(
      [{
        type = "alarm", x = 0, y = 0, width = 24, height = 3
        properties = {
          title  = "Alarms"
          alarms = [for name in sort(keys(var.alarms)) : aws_cloudwatch_metric_alarm.this[name].arn]
        }
      }],
      [for i, name in sort(keys(var.alarms)) : {
        type = "metric", x = 8 * (i % 3), y = 3 + 6 * floor(i / 3), width = 8, height = 6
        properties = {
          title       = name
          annotations = { alarms = [aws_cloudwatch_metric_alarm.this[name].arn] }
        }
      }],
      [for i, title in sort(keys(var.graphs)) : {
        type = "metric", x = 8 * (i % 3), y = 3 + 6 * (ceil(length(var.alarms) / 3) + floor(i / 3)), width = 8, height = 6
        properties = {
          title   = title
          region  = coalesce(var.region, data.aws_region.this.region)
          period  = 300
          metrics = [for metric, statistic in var.graphs[title].metrics : [var.graphs[title].namespace, metric, { stat = statistic }]]
        }
      }],
    )
  })
}
