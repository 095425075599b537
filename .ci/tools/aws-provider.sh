#!/usr/bin/env bash
# Puts Terraform's real AWS provider into aws-provider/ of the test cache, built
# from source and cut down to the services that this repository uses:
#
#   terraform-provider-aws_v6.34.0_x5   the provider
#   mirror/                             the same, in the layout of a filesystem mirror
#   dev.tfrc                            a TF_CLI_CONFIG_FILE under which `terraform validate`
#                                       and `test` use it, without `init`
#   mirror.tfrc                         one under which `terraform init` installs it
#
# It is what the tests of modules/ and env/ run. Anybody else lets `terraform
# init` get HashiCorp's own build. The source is pinned in aws-provider/go.mod
# beside this script, the services are listed below. It does nothing when this
# was built already; else it takes about ten minutes on two cores.
set -euo pipefail

version=6.34.0
services=(
    account acm apigateway apigatewayv2 appautoscaling autoscaling backup
    cloudwatch codebuild directconnect dynamodb ec2 ecr ecs efs elb elbv2 events
    globalaccelerator iam kms lambda logs meta rds resourcegroups
    resourcegroupstaggingapi route53 route53resolver s3 s3control scheduler secretsmanager sns
    sqs ssm sts
)

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/aws-provider" && pwd)
cache=${RECONCILE_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/reconcile-test}
dir=$cache/aws-provider
binary=$dir/terraform-provider-aws_v${version}_x5
module=github.com/hashicorp/terraform-provider-aws

pin=$(cat "${BASH_SOURCE[0]}" "$here"/{go.mod,go.sum,main.go} | cksum)
if [[ -x $binary && -f $dir/stamp && $(<"$dir/stamp") == "$pin" ]]; then
    exit 0
fi

mkdir -p "$dir"
exec 9>"$dir/lock"
flock 9
if [[ -x $binary && -f $dir/stamp && $(<"$dir/stamp") == "$pin" ]]; then
    exit 0
fi
rm -f "$dir/stamp"
log=$dir/build.log
: >"$log"
trap 'status=$?; ((status == 0)) || { tail -n 40 "$log"; echo "tools: aws-provider: failed; the whole output is in $log"; } >&2' EXIT
start=$SECONDS
echo "tools: aws-provider: building $version from source; the first time this takes about ten minutes"

export CGO_ENABLED=0 GOWORK=off GOFLAGS=-mod=readonly
cd "$here"
source=$(go mod download -json $module 2>>"$log" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
copy=$dir/source
rm -rf "$copy"
mkdir -p "$copy"
cp -R "$source"/{go.mod,go.sum,main.go,internal,names,version} "$copy/"
chmod -R u+w "$copy"
go run . "$copy" "${services[@]}" >>"$log" 2>&1

cd "$copy"
go build -trimpath -buildvcs=false -o "$binary.new" \
    -ldflags "-s -w -X $module/version.ProviderVersion=$version" . >>"$log" 2>&1
mv "$binary.new" "$binary"
cd "$here"
rm -rf "$copy"

source=hashicorp/aws
platform=$(go env GOOS)_$(go env GOARCH)
mirrored=$dir/mirror/registry.terraform.io/$source/$version/$platform
rm -rf "$dir/mirror"
mkdir -p "$mirrored"
ln "$binary" "$mirrored/"
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
echo "tools: aws-provider: done in $((SECONDS - start)) s"
