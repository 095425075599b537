resource "aws_autoscaling_group" "this" {
  name                      = var.name
  vpc_zone_identifier       = values(var.subnet_ids)
  min_size                  = var.size.min
  max_size                  = var.size.max
  desired_capacity          = var.size.min
  health_check_type         = length(var.target_group_arns) > 0 ? "ELB" : "EC2"
  health_check_grace_period = var.warmup_seconds
  default_instance_warmup   = var.warmup_seconds
  target_group_arns         = values(var.target_group_arns)
  capacity_rebalance        = true
  enabled_metrics           = ["GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances", "GroupTerminatingInstances"]
  wait_for_capacity_timeout = var.wait

  launch_template {
    id      = var.launch_template.id
    version = var.launch_template.version
  }

  # A new version of the template starts this; the apply does not wait for it.
  instance_refresh {
    strategy = "Rolling"

    preferences {
      min_healthy_percentage = 100
      max_healthy_percentage = 150
      instance_warmup        = var.warmup_seconds
      auto_rollback          = true
    }
  }

  dynamic "tag" {
    for_each = merge(var.tags, { Name = var.name })

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }

  lifecycle {
    # Policies and schedules change it between min and max.
    ignore_changes = [desired_capacity]
  }
}

resource "aws_autoscaling_policy" "this" {
  for_each = var.targets

  name                   = each.key
  autoscaling_group_name = aws_autoscaling_group.this.name
  policy_type            = "TargetTrackingScaling"

  target_tracking_configuration {
    target_value = each.value.value

    predefined_metric_specification {
      predefined_metric_type = each.value.metric
      resource_label         = each.value.resource_label
    }
  }
}

resource "aws_autoscaling_schedule" "this" {
  for_each = var.schedules

  scheduled_action_name  = each.key
  autoscaling_group_name = aws_autoscaling_group.this.name
  recurrence             = each.value.cron
  time_zone              = each.value.time_zone
  min_size               = each.value.min
  max_size               = each.value.max
  desired_capacity       = each.value.desired
}

resource "aws_autoscaling_lifecycle_hook" "this" {
  for_each = var.lifecycle_hooks

  name                   = each.key
  autoscaling_group_name = aws_autoscaling_group.this.name
  lifecycle_transition   = "autoscaling:EC2_INSTANCE_${upper(each.value.on)}"
  heartbeat_timeout      = each.value.seconds
  default_result         = each.value.then
}
