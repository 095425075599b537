data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

data "aws_region" "this" {
  region = var.region
}

locals {
  account = data.aws_caller_identity.this.account_id
  arn     = "arn:${data.aws_partition.this.partition}:sns:${data.aws_region.this.region}:${local.account}:${var.name}"

  policy = {
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid       = "OwnAccount"
          Effect    = "Allow"
          Principal = { AWS = "arn:${data.aws_partition.this.partition}:iam::${local.account}:root" }
          Action    = ["sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:Publish", "sns:Subscribe"]
          Resource  = local.arn
        },
        {
          Sid       = "TLSOnly"
          Effect    = "Deny"
          Principal = "*"
          Action    = "sns:Publish"
          Resource  = local.arn
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
        },
      ],
      [for service in sort(var.publishers) : {
        Sid       = "Service${replace(title(replace(service, ".", " ")), " ", "")}"
        Effect    = "Allow"
        Principal = { Service = service }
        Action    = "sns:Publish"
        Resource  = local.arn
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      }],
    )
  }
}

module "key" {
  source = "../kms"

  name        = "sns/${var.name}"
  description = "Messages of the topic ${var.name}"
  region      = var.region
  services    = var.publishers
  tags        = var.tags
}

resource "aws_sns_topic" "this" {
  region = var.region

  name              = var.name
  kms_master_key_id = module.key.arn

  tags = var.tags
}

resource "aws_sns_topic_policy" "this" {
  region = var.region

  arn    = aws_sns_topic.this.arn
  policy = jsonencode(local.policy)
}

resource "aws_sns_topic_subscription" "this" {
  for_each = var.subscriptions
  region   = var.region

  topic_arn            = aws_sns_topic.this.arn
  protocol             = each.value.protocol
  endpoint             = each.value.endpoint
  filter_policy        = each.value.filter_policy
  raw_message_delivery = each.value.raw
  redrive_policy       = each.value.dead_letter_arn == null ? null : jsonencode({ deadLetterTargetArn = each.value.dead_letter_arn })
}
