resource "aws_lb" "this" {
  # checkov:skip=CKV2_AWS_28:Rules are the application's: who has some associates them with the balancer's ARN.
  name               = var.name
  load_balancer_type = "application"
  internal           = var.internal
  subnets            = [for subnet in var.subnets : subnet.id]
  security_groups    = var.security_group_ids

  drop_invalid_header_fields = true
  desync_mitigation_mode     = "defensive"
  enable_zonal_shift         = true
  enable_deletion_protection = var.deletion_protection
  idle_timeout               = var.idle_timeout

  access_logs {
    enabled = true
    bucket  = var.log_bucket
    prefix  = "${var.name}/access"
  }

  connection_logs {
    enabled = true
    bucket  = var.log_bucket
    prefix  = "${var.name}/connections"
  }

  tags = merge(var.tags, { Name = var.name })
}

resource "aws_lb_target_group" "this" {
  for_each = var.target_groups

  # Port, protocol and VPC cannot be changed in place. A new group takes over
  # first, so its name must differ from the old one.
  name_prefix          = each.value.name_prefix
  vpc_id               = var.vpc_id
  target_type          = each.value.target_type
  port                 = each.value.port
  protocol             = each.value.protocol
  deregistration_delay = each.value.drain_seconds

  health_check {
    path                = each.value.health.path
    protocol            = each.value.protocol
    matcher             = each.value.health.matcher
    interval            = each.value.health.interval
    timeout             = each.value.health.timeout
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }

  tags = merge(var.tags, { Name = "${var.name}-${each.key}" })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
  certificate_arn   = var.certificate_arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[var.default_target_group].arn
  }

  tags = var.tags
}

resource "aws_lb_listener_rule" "this" {
  for_each = var.rules

  listener_arn = aws_lb_listener.https.arn
  priority     = each.value.priority

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[each.value.target_group].arn
  }

  dynamic "condition" {
    for_each = [for hosts in [each.value.hosts] : hosts if hosts != null]

    content {
      host_header {
        values = condition.value
      }
    }
  }

  dynamic "condition" {
    for_each = [for paths in [each.value.paths] : paths if paths != null]

    content {
      path_pattern {
        values = condition.value
      }
    }
  }

  tags = merge(var.tags, { Name = each.key })
}
