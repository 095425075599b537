# Deleting it loses its addresses permanently. To delete it on purpose, remove
# this guard first.
resource "aws_globalaccelerator_accelerator" "this" {
  name            = var.name
  enabled         = var.enabled
  ip_address_type = "IPV4"

  attributes {
    flow_logs_enabled   = true
    flow_logs_s3_bucket = var.flow_logs.bucket
    flow_logs_s3_prefix = var.flow_logs.prefix
  }

  tags = var.tags

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_globalaccelerator_listener" "this" {
  accelerator_arn = aws_globalaccelerator_accelerator.this.arn
  protocol        = var.protocol
  client_affinity = var.client_affinity

  dynamic "port_range" {
    for_each = var.ports

    content {
      from_port = tonumber(split("-", port_range.value)[0])
      to_port   = tonumber(reverse(split("-", port_range.value))[0])
    }
  }
}
