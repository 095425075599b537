terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "6.34.0"
    }
  }

  # This workspace creates the bucket. The first apply uses a local state, which
  # is then moved (see docs/bootstrap.md). The bucket's default key encrypts it.
  backend "s3" {
    bucket       = "example-states-123456789012"
    key          = "bootstrap/terraform.tfstate"
    region       = "ap-northeast-1"
    use_lockfile = true
  }
}

provider "aws" {
  region              = var.site.regions.tokyo
  allowed_account_ids = [var.site.account_id]

  default_tags {
    tags = var.tags
  }
}

# For Osaka's state bucket and reconciler.
provider "aws" {
  alias               = "osaka"
  region              = var.site.regions.osaka
  allowed_account_ids = [var.site.account_id]

  default_tags {
    tags = var.tags
  }
}
