# What the mocked provider answers where a random string would not do: ARNs and
# ids of the right shape, known already at plan (see README.md).

mock_data "aws_caller_identity" {
  defaults = {
    account_id = "123456789012"
    arn        = "arn:aws:iam::123456789012:user/test"
  }
}

mock_data "aws_partition" {
  defaults = {
    partition  = "aws"
    dns_suffix = "amazonaws.com"
  }
}

mock_data "aws_region" {
  defaults = {
    region = "ap-northeast-1"
  }
}

mock_data "aws_availability_zones" {
  defaults = {
    names    = ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"]
    zone_ids = ["apne1-az4", "apne1-az1", "apne1-az2"]
  }
}

mock_data "aws_ec2_instance_type_offerings" {
  defaults = {
    locations = ["apne1-az1", "apne1-az2", "apne1-az4", "apne3-az1", "apne3-az2", "apne3-az3"]
  }
}

mock_data "aws_rds_orderable_db_instance" {
  defaults = {
    multi_az_capable = true
  }
}

mock_resource "aws_kms_key" {
  defaults = {
    arn    = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    key_id = "11111111-2222-3333-4444-555555555555"
  }
}

mock_resource "aws_s3_bucket" {
  defaults = {
    arn = "arn:aws:s3:::mocked"
    id  = "mocked"
  }
}

mock_resource "aws_sns_topic" {
  defaults = {
    arn = "arn:aws:sns:ap-northeast-1:123456789012:mocked"
    id  = "arn:aws:sns:ap-northeast-1:123456789012:mocked"
  }
}

mock_resource "aws_vpc" {
  defaults = {
    arn = "arn:aws:ec2:ap-northeast-1:123456789012:vpc/vpc-0123456789abcdef0"
    id  = "vpc-0123456789abcdef0"
  }
}

mock_resource "aws_subnet" {
  defaults = {
    arn = "arn:aws:ec2:ap-northeast-1:123456789012:subnet/subnet-0123456789abcdef0"
    id  = "subnet-0123456789abcdef0"
  }
}

mock_resource "aws_security_group" {
  defaults = {
    arn = "arn:aws:ec2:ap-northeast-1:123456789012:security-group/sg-0123456789abcdef0"
    id  = "sg-0123456789abcdef0"
  }
}

mock_resource "aws_ec2_transit_gateway_peering_attachment_accepter" {
  defaults = {
    id = "tgw-attach-0123456789abcdef0"
  }
}

mock_resource "aws_acm_certificate" {
  defaults = {
    arn = "arn:aws:acm:ap-northeast-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
    domain_validation_options = [
      {
        domain_name           = "shop.example.com"
        resource_record_name  = "_x1.shop.example.com."
        resource_record_type  = "CNAME"
        resource_record_value = "_y1.acm-validations.aws."
      },
      {
        domain_name           = "*.shop.example.com"
        resource_record_name  = "_x1.shop.example.com."
        resource_record_type  = "CNAME"
        resource_record_value = "_y1.acm-validations.aws."
      },
      {
        domain_name           = "www.example.com"
        resource_record_name  = "_x2.www.example.com."
        resource_record_type  = "CNAME"
        resource_record_value = "_y2.acm-validations.aws."
      },
    ]
  }
}

mock_resource "aws_acm_certificate_validation" {
  defaults = {
    id = "2026-01-01 00:00:00 +0000 UTC"
  }
}

mock_resource "aws_iam_role" {
  defaults = {
    arn = "arn:aws:iam::123456789012:role/mocked"
  }
}

mock_resource "aws_iam_instance_profile" {
  defaults = {
    arn = "arn:aws:iam::123456789012:instance-profile/mocked"
  }
}

mock_resource "aws_lb" {
  defaults = {
    arn        = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/mocked/0123456789abcdef"
    arn_suffix = "app/mocked/0123456789abcdef"
    dns_name   = "mocked-0123456789.ap-northeast-1.elb.amazonaws.com"
  }
}

mock_resource "aws_lb_listener" {
  defaults = {
    arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:listener/app/mocked/0123456789abcdef/0123456789abcdef"
  }
}

mock_resource "aws_lb_target_group" {
  defaults = {
    arn        = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/mocked/0123456789abcdef"
    arn_suffix = "targetgroup/mocked/0123456789abcdef"
  }
}

mock_resource "aws_launch_template" {
  defaults = {
    id             = "lt-0123456789abcdef0"
    latest_version = 3
  }
}

mock_resource "aws_efs_file_system" {
  defaults = {
    id       = "fs-0123456789abcdef0"
    arn      = "arn:aws:elasticfilesystem:ap-northeast-1:123456789012:file-system/fs-0123456789abcdef0"
    dns_name = "fs-0123456789abcdef0.efs.ap-northeast-1.amazonaws.com"
  }
}

mock_resource "aws_efs_access_point" {
  defaults = {
    id  = "fsap-0123456789abcdef0"
    arn = "arn:aws:elasticfilesystem:ap-northeast-1:123456789012:access-point/fsap-0123456789abcdef0"
  }
}

mock_resource "aws_db_subnet_group" {
  defaults = {
    id = "mocked"
  }
}

mock_resource "aws_db_parameter_group" {
  defaults = {
    id   = "mocked"
    name = "mocked"
  }
}

mock_resource "aws_db_instance" {
  defaults = {
    arn     = "arn:aws:rds:ap-northeast-1:123456789012:db:mocked"
    address = "mocked.abcdefghijkl.ap-northeast-1.rds.amazonaws.com"
    master_user_secret = [{
      kms_key_id    = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555"
      secret_arn    = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:rds-mocked"
      secret_status = "active"
    }]
  }
}

mock_resource "aws_backup_vault" {
  defaults = {
    arn = "arn:aws:backup:ap-northeast-1:123456789012:backup-vault:mocked"
  }
}

mock_resource "aws_backup_plan" {
  defaults = {
    id = "11111111-2222-3333-4444-555555555555"
  }
}

mock_resource "aws_cloudwatch_metric_alarm" {
  defaults = {
    arn = "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:mocked"
  }
}

mock_resource "aws_cloudwatch_log_group" {
  defaults = {
    arn = "arn:aws:logs:ap-northeast-1:123456789012:log-group:mocked"
  }
}

mock_resource "aws_lambda_function" {
  defaults = {
    arn           = "arn:aws:lambda:ap-northeast-1:123456789012:function:mocked"
    invoke_arn    = "arn:aws:apigateway:ap-northeast-1:lambda:path/2015-03-31/functions/arn:aws:lambda:ap-northeast-1:123456789012:function:mocked/invocations"
    qualified_arn = "arn:aws:lambda:ap-northeast-1:123456789012:function:mocked:1"
  }
}

mock_resource "aws_apigatewayv2_api" {
  defaults = {
    id            = "a1b2c3d4e5"
    execution_arn = "arn:aws:execute-api:ap-northeast-1:123456789012:a1b2c3d4e5"
  }
}

mock_resource "aws_api_gateway_rest_api" {
  defaults = {
    id            = "a1b2c3d4e5"
    execution_arn = "arn:aws:execute-api:ap-northeast-1:123456789012:a1b2c3d4e5"
  }
}

mock_data "aws_vpcs" {
  defaults = {
    ids = []
  }
}

mock_data "aws_security_groups" {
  defaults = {
    ids = []
  }
}

mock_data "aws_lbs" {
  defaults = {
    arns = []
  }
}

mock_resource "aws_internet_gateway" {
  defaults = {
    id = "igw-0123456789abcdef0"
  }
}

mock_resource "aws_ec2_transit_gateway_vpc_attachment" {
  defaults = {
    id = "tgw-attach-0123456789abcdef0"
  }
}

mock_resource "aws_ec2_transit_gateway" {
  defaults = {
    id = "tgw-0123456789abcdef0"
  }
}

mock_resource "aws_ec2_transit_gateway_route_table" {
  defaults = {
    id = "tgw-rtb-0123456789abcdef0"
  }
}

mock_resource "aws_route_table" {
  defaults = {
    id = "rtb-0123456789abcdef0"
  }
}

mock_resource "aws_dynamodb_table" {
  defaults = {
    arn = "arn:aws:dynamodb:ap-northeast-1:123456789012:table/mocked"
  }
}

mock_resource "aws_ecr_repository" {
  defaults = {
    arn            = "arn:aws:ecr:ap-northeast-1:123456789012:repository/mocked"
    repository_url = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/mocked"
  }
}

mock_resource "aws_secretsmanager_secret" {
  defaults = {
    arn = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:mocked-AbCdEf"
  }
}
