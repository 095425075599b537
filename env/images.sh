#!/bin/sh
# Writes the newest Amazon Linux 2023 for ARM into the values of the sides: of each
# Region its own id, in production and staging. Its public parameter moves with every
# release, so it is read once, here, and not by Terraform (Amazon EC2 User Guide,
# "Reference the latest AMIs using Systems Manager public parameters").
#
#   sh env/images.sh            # from the top of the repository, with AWS credentials
set -eu

parameter=/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64

write() { # REGION FILE...
  region=$1
  shift
  id=$(aws ssm get-parameter --region "$region" --name "$parameter" --query Parameter.Value --output text)
  case $id in
  ami-*) ;;
  *)
    echo "$region: $parameter is \"$id\", which is no image" >&2
    exit 1
    ;;
  esac
  for file in "$@"; do
    edited=$(sed "s/\"ami-[0-9a-f]*\"/\"$id\"/" "$file")
    printf '%s\n' "$edited" >"$file"
    echo "$file: $id"
  done
}

cd "$(dirname "$0")"
write ap-northeast-1 tokyo-ap-A/*.tfvars tokyo-ap-B/*.tfvars
write ap-northeast-3 osaka-ap/*.tfvars
