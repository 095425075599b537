#!/usr/bin/env bash
# Puts HashiCorp's own build of the AWS provider where aws-provider.sh puts the one that
# it builds, with the same files beside it and the same stamp, so that aws-provider.sh
# has nothing to do. `terraform init` gets it from the registry, and checks it against the
# checksums in a lock file of env/. It fails, and says why, where that is not possible.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${RECONCILE_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/reconcile-test}
dir=$cache/aws-provider
source=hashicorp/aws
version=$(sed -n 's/^version=//p' "$here/aws-provider.sh")
pin=$(cat "$here/aws-provider.sh" "$here"/aws-provider/{go.mod,go.sum,main.go} | cksum)

if [[ -f $dir/stamp && $(<"$dir/stamp") == "$pin" ]]; then
    exit 0
fi
echo "tools: aws-provider: downloading $version from the registry; this can take minutes"
mkdir -p "$dir"
scratch=$(mktemp -d "$dir/.registry.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
cat >"$scratch/main.tf" <<TF
terraform {
  required_providers {
    aws = {
      source  = "$source"
      version = "$version"
    }
  }
}
TF
cp "$here/../../env/common/.terraform.lock.hcl" "$scratch/"
# A registry that does not answer within 5 seconds is not asked again.
export TF_CLI_CONFIG_FILE=/dev/null TF_REGISTRY_CLIENT_TIMEOUT=5 TF_REGISTRY_DISCOVERY_RETRY=0 CHECKPOINT_DISABLE=1
if ! "$cache/bin/terraform" -chdir="$scratch" init -input=false -no-color >"$scratch/log" 2>&1; then
    echo "tools: aws-provider: not downloaded: $(grep -om1 'Error: .*' "$scratch/log" || true)"
    exit 1
fi
name=terraform-provider-aws_v${version}_x5
found=("$scratch/.terraform/providers/registry.terraform.io/$source/$version"/*/"$name")
if [[ ! -f ${found[0]} ]]; then
    echo "tools: aws-provider: not downloaded: the registry's package has no $name in it"
    exit 1
fi
rm -rf "$dir/stamp" "$dir/mirror" "${dir:?}/$name"
mv "$scratch/.terraform/providers" "$dir/mirror"
ln "$dir/mirror/registry.terraform.io/$source/$version"/*/"$name" "$dir/$name"
cat >"$dir/dev.tfrc" <<TFRC
provider_installation {
  dev_overrides {
    "$source" = "$dir"
  }
  direct {}
}
TFRC
cat >"$dir/mirror.tfrc" <<TFRC
provider_installation {
  filesystem_mirror {
    path    = "$dir/mirror"
    include = ["$source"]
  }
}
TFRC
echo "$pin" >"$dir/stamp"
echo "tools: aws-provider: $version, HashiCorp's own build, from the registry"
