terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "6.34.0"
    }
  }

  # The bucket's default key encrypts it. `encrypt` would request another key
  # and be refused.
  backend "s3" {
    bucket       = "example-states-osaka-123456789012"
    key          = "common_os/terraform.tfstate"
    region       = "ap-northeast-3"
    use_lockfile = true
  }
}

provider "aws" {
  region              = var.site.regions.osaka
  allowed_account_ids = [var.site.account_id]

  default_tags {
    tags = var.tags
  }
}
