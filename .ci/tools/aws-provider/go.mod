// HashiCorp's AWS provider 6.34.0, whose source proxies serve under this name
// alone (HashiCorp's own tag cannot be had as a module). ../aws-provider.sh
// builds a copy of it, so nothing here imports it: leave `go mod tidy` alone.
// To move the pin: edit the version, delete go.sum, and run
// GONOSUMDB='github.com/upbound/*' go mod download.
module reconcile/.ci/tools/aws-provider

go 1.26

require github.com/hashicorp/terraform-provider-aws v0.0.0

replace github.com/hashicorp/terraform-provider-aws => github.com/upbound/terraform-provider-aws v0.0.0-20260305123303-f7691456b787
