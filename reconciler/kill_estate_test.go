package reconciler_test

import (
	"strings"

	"reconcile/reconciler/source/gittest"
	"reconcile/state/snapshot/s3test"
)

// estate is the repository of the kill tests at its first commit: tokyo is of
// a module, osaka is not, the reader reads tokyo's state, and nara will go.
func estate(kind placeKind) string {
	return `
-- modules/greeting/main.tf --
variable "name" {
  type = string
}

resource "terraform_data" "this" {
  input            = "hello ${var.name}"
  triggers_replace = ["hello"]

  provisioner "local-exec" {
    command     = "[ ! -e \"$LC_HOOK\" ] || . \"$LC_HOOK\""
    environment = { WORKSPACE = var.name }
  }
}

output "text" {
  value = terraform_data.this.output
}
` + workspaceFile(kind, "tokyo") + `
-- env/osaka/main.tf --
` + backend(kind, "osaka") + `
resource "terraform_data" "this" {}
-- env/nara/main.tf --
` + backend(kind, "nara") + `
resource "terraform_data" "this" {}
-- env/reader/main.tf --
` + backend(kind, "reader") + `
data "terraform_remote_state" "tokyo" {
` + remoteState(kind, "tokyo") + `
}

resource "terraform_data" "seen" {
  input = data.terraform_remote_state.tokyo.outputs.text
}

output "seen" {
  value = terraform_data.seen.output
}
`
}

// change is its second commit: the module has changed, so tokyo and the reader
// are stale; kyoto is new, and nara is gone.
func change(repo *gittest.Repo, kind placeKind) {
	repo.Git("rm", "-q", "-r", "env/nara")
	module := repo.Git("show", "HEAD:modules/greeting/main.tf")
	repo.CommitTxtar("change", "-- modules/greeting/main.tf --\n"+strings.ReplaceAll(module, "hello", "good day")+"\n"+workspaceFile(kind, "kyoto"))
}

func workspaceFile(kind placeKind, name string) string {
	return `
-- env/` + name + `/main.tf --
` + backend(kind, name) + `
module "greeting" {
  source = "../../modules/greeting"
  name   = "` + name + `"
}

output "text" {
  value = module.greeting.text
}
`
}

// backend is the configuration of a workspace's backend; where S3 is comes
// from the environment, so that one repository serves several places.
func backend(kind placeKind, name string) string {
	if kind == files {
		return ""
	}
	return `terraform {
  backend "s3" {
    bucket       = "` + bucketName + `"
    key          = "states/` + name + `.tfstate"
    region       = "` + s3test.Region + `"
    use_lockfile = true

    use_path_style              = true
    skip_credentials_validation = true
    skip_requesting_account_id  = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
  }
}
`
}

func remoteState(kind placeKind, name string) string {
	if kind == files {
		return `  backend = "local"
  config = {
    path = "../` + name + `/terraform.tfstate"
  }`
	}
	return `  backend = "s3"
  config = {
    bucket = "` + bucketName + `"
    key    = "states/` + name + `.tfstate"
    region = "` + s3test.Region + `"

    use_path_style              = true
    skip_credentials_validation = true
    skip_requesting_account_id  = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
  }`
}

// atPath is a workspace whose state does not lie in its own directory.
func atPath(kind placeKind, name string) string {
	where := backend(kind, "it")
	if kind == files {
		where = `terraform {
  backend "local" {
    path = "../../states/it.tfstate"
  }
}
`
	}
	return "-- env/" + name + "/main.tf --\n" + where + `
resource "terraform_data" "this" {}
`
}
