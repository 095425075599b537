terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "6.34.0"
    }
  }

  # The bucket is made here: the first apply is on a local state, which is then
  # moved (see docs/bootstrap.md). What encrypts is the bucket's own key.
  backend "s3" {
    bucket       = "example-states-123456789012"
    key          = "bootstrap/terraform.tfstate"
    region       = "ap-northeast-1"
    use_lockfile = true
  }
}

provider "aws" {
  region              = "ap-northeast-1"
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = var.tags
  }
}

# For what is whole in Osaka: its state bucket and its reconciler.
provider "aws" {
  alias               = "osaka"
  region              = "ap-northeast-3"
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = var.tags
  }
}
