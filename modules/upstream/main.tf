# To read a state that was never written is an error. So it is asked for first;
# names that begin with the key, as the lock's does, come after it.
data "aws_s3_objects" "this" {
  region   = var.state.region
  bucket   = var.state.bucket
  prefix   = var.state.key
  max_keys = 1
}

data "terraform_remote_state" "this" {
  count = contains(data.aws_s3_objects.this.keys, var.state.key) ? 1 : 0

  backend = "s3"
  config = {
    bucket = var.state.bucket
    key    = var.state.key
    region = var.state.region
  }
}

locals {
  read = one(data.terraform_remote_state.this[*].outputs)

  # A destroy leaves a state without outputs.
  applied = try(length(local.read), 0) > 0
}
