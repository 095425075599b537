#!/bin/sh
# Writes the newest Amazon Linux 2023 for ARM into site.auto.tfvars and
# site.staging.tfvars, of each Region its own. Its public parameter moves with every
# release, so it is read once, here, and not by Terraform (Amazon EC2 User Guide,
# "Reference the latest AMIs using Systems Manager public parameters").
#
#   sh env/images.sh            # with AWS credentials
set -eu
cd "$(dirname "$0")"

parameter=/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64

for file in site.auto.tfvars site.staging.tfvars; do
  for home in tokyo osaka; do
    region=$(sed -n "/^  regions = {/,/^  }/s/^ *$home *= \"\([a-z0-9-]*\)\".*/\1/p" "$file")
    id=$(aws ssm get-parameter --region "$region" --name "$parameter" --query Parameter.Value --output text)
    case $id in
    ami-*) ;;
    *)
      echo "$region: $parameter is \"$id\", which is no image" >&2
      exit 1
      ;;
    esac
    edited=$(sed "/^  images = {/,/^  }/s/^\( *$home *= \)\"ami-[0-9a-f]*\"/\1\"$id\"/" "$file")
    printf '%s\n' "$edited" >"$file"
    echo "$file: $home: $id"
  done
done
