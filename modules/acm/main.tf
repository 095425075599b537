locals {
  # A wildcard is validated by the record of its parent name.
  names = toset([for name in concat([var.domain], tolist(var.alternative_names)) : trimprefix(name, "*.")])
}

resource "aws_acm_certificate" "this" {
  region = var.region

  domain_name               = var.domain
  subject_alternative_names = var.alternative_names
  validation_method         = "DNS"

  options {
    certificate_transparency_logging_preference = "ENABLED"
  }

  tags = merge(var.tags, { Name = var.domain })

  # A listener uses the old certificate until it has the new one.
  lifecycle {
    create_before_destroy = true
  }
}

# The record is the same for every certificate of the name in the account (ACM
# User Guide, "DNS validation"), so one module writes it. Route 53 refuses a
# second one.
resource "aws_route53_record" "this" {
  for_each = var.zone_id == null ? toset([]) : local.names

  zone_id = var.zone_id
  name    = local.proofs[each.key].resource_record_name
  type    = local.proofs[each.key].resource_record_type
  records = [local.proofs[each.key].resource_record_value]
  ttl     = 300
}

locals {
  proofs = { for name in local.names : name => [
    for option in aws_acm_certificate.this.domain_validation_options : option if trimprefix(option.domain_name, "*.") == name
  ][0] }
}

resource "aws_acm_certificate_validation" "this" {
  region = var.region

  certificate_arn         = aws_acm_certificate.this.arn
  validation_record_fqdns = var.zone_id == null ? null : [for record in aws_route53_record.this : record.fqdn]
}

# AWS renews 60 days before expiry; at 30 days the renewal has failed.
resource "aws_cloudwatch_metric_alarm" "expiry" {
  region = var.region

  alarm_name          = "certificate-expiry-${var.domain}"
  alarm_description   = "The certificate of ${var.domain} was not renewed: see whether its DNS records still stand and whether it is in use."
  namespace           = "AWS/CertificateManager"
  metric_name         = "DaysToExpiry"
  dimensions          = { CertificateArn = aws_acm_certificate.this.arn }
  statistic           = "Minimum"
  period              = 86400
  evaluation_periods  = 1
  comparison_operator = "LessThanThreshold"
  threshold           = var.alarm.days
  alarm_actions       = var.alarm.topic_arns
  ok_actions          = var.alarm.topic_arns

  tags = var.tags
}
