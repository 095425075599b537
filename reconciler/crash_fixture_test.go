package reconciler_test

import (
	"strings"

	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/source/gittest"
	"reconcile/state/snapshot/s3test"
)

// fixtureFiles returns the repository of the crash tests at its first commit: tokyo uses
// a module, osaka does not, the reader reads tokyo's state, and nara will be removed.
func fixtureFiles(kind reconcilertest.Kind) string {
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
` + backendConfig(kind, "osaka") + `
resource "terraform_data" "this" {}
-- env/nara/main.tf --
` + backendConfig(kind, "nara") + `
resource "terraform_data" "this" {}
-- env/reader/main.tf --
` + backendConfig(kind, "reader") + `
data "terraform_remote_state" "tokyo" {
` + remoteStateConfig(kind, "tokyo") + `
}

resource "terraform_data" "seen" {
  input = data.terraform_remote_state.tokyo.outputs.text
}

output "seen" {
  value = terraform_data.seen.output
}
`
}

// commitFixtureChange makes the second commit. The module changes, so tokyo and the
// reader are stale; kyoto is new, and nara is removed.
func commitFixtureChange(repo *gittest.Repo, kind reconcilertest.Kind) {
	repo.Git("rm", "-q", "-r", "env/nara")
	module := repo.Git("show", "HEAD:modules/greeting/main.tf")
	repo.CommitTxtar("change", "-- modules/greeting/main.tf --\n"+strings.ReplaceAll(module, "hello", "good day")+"\n"+workspaceFile(kind, "kyoto"))
}

func workspaceFile(kind reconcilertest.Kind, name string) string {
	return `
-- env/` + name + `/main.tf --
` + backendConfig(kind, name) + `
module "greeting" {
  source = "../../modules/greeting"
  name   = "` + name + `"
}

output "text" {
  value = module.greeting.text
}
`
}

// backendConfig returns the configuration of a workspace's backend. The environment names
// the S3 endpoint, so that one repository serves several environments.
func backendConfig(kind reconcilertest.Kind, name string) string {
	if kind == reconcilertest.Files {
		return ""
	}
	return `terraform {
  backend "s3" {
    bucket       = "` + reconcilertest.Bucket + `"
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

func remoteStateConfig(kind reconcilertest.Kind, name string) string {
	if kind == reconcilertest.Files {
		return `  backend = "local"
  config = {
    path = "../` + name + `/terraform.tfstate"
  }`
	}
	return `  backend = "s3"
  config = {
    bucket = "` + reconcilertest.Bucket + `"
    key    = "states/` + name + `.tfstate"
    region = "` + s3test.Region + `"

    use_path_style              = true
    skip_credentials_validation = true
    skip_requesting_account_id  = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
  }`
}

// outsideStateWorkspace returns a workspace whose state is not in its own directory.
func outsideStateWorkspace(kind reconcilertest.Kind, name string) string {
	where := backendConfig(kind, "it")
	if kind == reconcilertest.Files {
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
