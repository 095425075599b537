terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  region                      = "ap-northeast-1"
  access_key                  = "x"
  secret_key                  = "x"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
}
resource "aws_db_instance" "main" {
  identifier                  = "main"
  engine                      = "postgres"
  instance_class              = "db.m6g.xlarge"
  allocated_storage           = 100
  username                    = "x"
  manage_master_user_password = true
  deletion_protection         = false
  skip_final_snapshot         = true
}
resource "aws_globalaccelerator_endpoint_group" "g" {
  listener_arn          = "arn:aws:globalaccelerator::123456789012:accelerator/a/listener/b"
  endpoint_group_region = "ap-northeast-1"
  endpoint_configuration {
    endpoint_id = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/a/1"
    weight      = 128
  }
  endpoint_configuration {
    endpoint_id = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/b/1"
    weight      = 0
  }
}
resource "aws_network_acl_rule" "r" {
  network_acl_id = "acl-1"
  rule_number    = 20
  protocol       = "tcp"
  rule_action    = "allow"
  cidr_block     = "10.0.0.0/8"
  from_port      = 1
  to_port        = 2
}
resource "aws_s3_bucket_lifecycle_configuration" "l" {
  bucket = "b"
  rule {
    id     = "a"
    status = "Enabled"
    filter {
      prefix = ""
    }
    expiration {
      days = 30
    }
  }
}
resource "aws_db_instance" "encrypted" {
  identifier                  = "encrypted"
  engine                      = "postgres"
  instance_class              = "db.m6g.large"
  allocated_storage           = 100
  username                    = "x"
  manage_master_user_password = true
  storage_encrypted           = true
}
resource "aws_autoscaling_group" "a" {
  name                = "a"
  min_size            = 1
  max_size            = 2
  vpc_zone_identifier = ["subnet-1", "subnet-2"]
  launch_template {
    id      = "lt-1"
    version = "1"
  }
}
resource "aws_route" "r" {
  route_table_id         = "rtb-1"
  destination_cidr_block = "10.0.0.0/8"
  transit_gateway_id     = "tgw-2"
}
resource "aws_cloudwatch_log_group" "l" {
  name              = "l"
  retention_in_days = 30
}
resource "aws_ecs_task_definition" "t" {
  family                = "t"
  container_definitions = jsonencode([{ name = "a", image = "a:2", memory = 128 }])
}
resource "aws_lambda_permission" "p" {
  statement_id  = "p"
  action        = "lambda:InvokeFunction"
  function_name = "f"
  principal     = "s3.amazonaws.com"
  source_arn    = "arn:aws:s3:::b"
}
resource "aws_s3_bucket_versioning" "v" {
  bucket = "b"
  versioning_configuration {
    status = "Suspended"
  }
}
resource "aws_backup_vault_lock_configuration" "l" {
  backup_vault_name   = "v"
  changeable_for_days = 3
  min_retention_days  = 7
}
resource "aws_vpc_security_group_ingress_rule" "i" {
  security_group_id = "sg-1"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "10.0.0.0/9"
}
resource "terraform_data" "run" {
  provisioner "local-exec" {
    command = "true"
  }
}
resource "aws_sns_topic" "t" {
  name = "t"
  tags = { a = "2" }
}
resource "aws_lb_target_group" "t" {
  name        = "t"
  port        = 8080
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = "vpc-1"
}
resource "aws_route53_record" "w" {
  zone_id = "Z"
  name    = "w.example.com"
  type    = "A"
  ttl     = 60
  records = ["192.0.2.2"]
}
