mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name                 = "shop-a"
  image_id             = "ami-0123456789abcdef0"
  instance_type        = "t4g.small"
  instance_profile_arn = "arn:aws:iam::123456789012:instance-profile/shop-servers"
  security_group_ids   = ["sg-0123456789abcdef0"]
  kms_key_arn          = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  tags                 = { Owner = "shop", DataClass = "internal", Environment = "test" }
}

run "metadata_by_token_volumes_encrypted_no_public_address" {
  command = plan

  assert {
    condition     = aws_launch_template.this.metadata_options[0].http_tokens == "required" && aws_launch_template.this.metadata_options[0].http_put_response_hop_limit == 1
    error_message = "IMDSv1 answers, or containers are answered."
  }

  assert {
    condition     = tobool(aws_launch_template.this.block_device_mappings[0].ebs[0].encrypted) && aws_launch_template.this.block_device_mappings[0].ebs[0].kms_key_id == var.kms_key_arn
    error_message = "The volume is not encrypted with the key."
  }

  assert {
    condition     = !tobool(aws_launch_template.this.network_interfaces[0].associate_public_ip_address)
    error_message = "Servers have public addresses."
  }

  assert {
    condition = alltrue([for kind in ["instance", "network-interface", "volume"] : anytrue([
      for s in aws_launch_template.this.tag_specifications : s.resource_type == kind && s.tags.Owner == "shop"
    ])])
    error_message = "Something that is started has no tags."
  }

  assert {
    condition     = aws_launch_template.this.user_data == null && output.version == "3"
    error_message = "There is a script that nobody wrote, or no version."
  }
}

run "secrets_are_fetched" {
  command = plan

  variables {
    user_data = <<-EOT
      #!/bin/bash
      PASSWORD=$(aws secretsmanager get-secret-value --secret-id shop/database --query SecretString --output text)
      systemctl start shop
    EOT
  }

  assert {
    condition     = startswith(base64decode(aws_launch_template.this.user_data), "#!/bin/bash")
    error_message = "The script is lost."
  }
}

run "refuses_a_name_with_a_space" {
  command = plan

  variables {
    name = "shop a"
  }

  expect_failures = [var.name]
}

run "refuses_an_image_that_moves" {
  command = plan

  variables {
    image_id = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
  }

  expect_failures = [var.image_id]
}

run "refuses_a_type_before_nitro" {
  command = plan

  variables {
    instance_type = "t2.small"
  }

  expect_failures = [var.instance_type]
}

run "refuses_a_role_for_a_profile" {
  command = plan

  variables {
    instance_profile_arn = "arn:aws:iam::123456789012:role/shop"
  }

  expect_failures = [var.instance_profile_arn]
}

run "refuses_no_security_group" {
  command = plan

  variables {
    security_group_ids = []
  }

  expect_failures = [var.security_group_ids]
}

run "refuses_an_alias_for_a_key" {
  command = plan

  variables {
    kms_key_arn = "alias/shop"
  }

  expect_failures = [var.kms_key_arn]
}

run "refuses_a_script_that_is_too_long" {
  command = plan

  variables {
    user_data = join("", [for i in range(1000) : "01234567890123456789"])
  }

  expect_failures = [var.user_data]
}

run "refuses_a_password" {
  command = plan

  variables {
    user_data = "#!/bin/bash\nexport PASSWORD=correct-horse"
  }

  expect_failures = [var.user_data]
}

run "refuses_an_access_key" {
  command = plan

  variables {
    user_data = "aws configure set aws_access_key_id AKIAIOSFODNN7EXAMPLE"
  }

  expect_failures = [var.user_data]
}

run "refuses_a_tiny_disk" {
  command = plan

  variables {
    root = { size = 4 }
  }

  expect_failures = [var.root]
}
