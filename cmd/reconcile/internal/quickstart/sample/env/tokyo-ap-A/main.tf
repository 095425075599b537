# Application A in Tokyo. It reads what the workspace tokyo has made.

data "terraform_remote_state" "tokyo" {
  backend = "local"
  config = {
    path = "../tokyo/terraform.tfstate"
  }
}

resource "terraform_data" "subnet" {
  input = {
    network = data.terraform_remote_state.tokyo.outputs.network_id
    cidr    = cidrsubnet(data.terraform_remote_state.tokyo.outputs.network_cidr, 8, 1)
  }
}
