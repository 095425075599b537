mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name       = "operators"
  public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILtXMGeHuRRYopHXW9R6Bn5ZCpZaZOsIYN42OuEAzHI+ ops@example.com"
  tags       = { Owner = "platform", DataClass = "internal", Environment = "test" }
}

run "takes_ed25519" {
  command = plan

  assert {
    condition     = aws_key_pair.this.public_key == var.public_key && aws_key_pair.this.key_name == "operators"
    error_message = "The key is another."
  }
}

run "takes_rsa_of_3072_bits" {
  command = plan

  variables {
    public_key = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQDAYyHCAgVsb5+kesMQB+kYiaK/z7L3pDOQ07CAdI6Y4BCHo2OThu1T9enStPMowJIb2MJCvBC0h3ddd2SGbnrdlwauWl92fHSwgm4VF6/TPsYIo+si3mxwSWoYoCEWP2deInD2XZpOYBIdL4y/4vyDLMNAak+SqkpHAWVpfeckrrxJQvdseFUA/9IXEYg0KLJ01B5WBefz0zetuq+XM49qFRW8xYNkL7J+128lD6BGBfFpHhSHtG0wK+V8WQ5Q/eWeCFD7P4JXO4EOTMzEGikGOcTM6z5DHI83W6FGPAvC3w8XQ//2+kfE41/1cTQIyPkzG6tzvGYVs/aUjOFkdIeyhQwFxUHzH0v2NyIYOaKsL/AGFbvg73uJnOwXiiWoAU4zwwSbswg3FsMwAHr4US/IGUMoEHONZuLjO2opdctFmG/6eKz7jdpxdSrm+jM3VhlvV4SzHq0zPk2eQsA6Eoprl64Vlqz83+5idFnluHT6R/WtyaMVHJKlDID9xfxCn8k= ops@example.com"
  }

  assert {
    condition     = startswith(aws_key_pair.this.public_key, "ssh-rsa ")
    error_message = "The key is another."
  }
}

run "refuses_a_name_that_begins_with_a_blank" {
  command = plan

  variables {
    name = " operators"
  }

  expect_failures = [var.name]
}

run "refuses_a_private_key" {
  command = plan

  variables {
    public_key = "-----BEGIN OPENSSH PRIVATE KEY-----"
  }

  expect_failures = [var.public_key]
}

run "refuses_a_key_that_ec2_does" {
  command = plan

  variables {
    public_key = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTY="
  }

  expect_failures = [var.public_key]
}

run "refuses_rsa_of_2048_bits" {
  command = plan

  variables {
    public_key = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDRS6hoNy9lNhbDtyhYk9dPAAFRSAGRTd3mYwIMvoacSHhTCEYabkn+Q03LaotZ3vwNRIgb2C0qSApYjtD2ifTJHteejmH6r2MUa0u2gtjbnn/RPYHyJcH5yTzvvuO/7+gl6Vu6gpBi0r4EvN2DOrlo691a0J8YoiGEk4aiwrdQvpGcmQ3KXeVpZz64HJ5Z2iTXqs2jJv5f2Lv6+WpbV1S7dTS99buBMQ7op/D6HjJ/oCVzryYANlc3VtogYSDatJorSL1lmhbybBt9yXlvIaV59EWkYPX023zRNf8WbOBo0ydo/tyfAm/oVWz8X7VlBrz/U+Fq7BN4KJAhDfBePHHh ops@example.com"
  }

  expect_failures = [var.public_key]
}
