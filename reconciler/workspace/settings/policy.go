package settings

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// Policy says which code a plan may run before a review. It comes from the settings at the
// tip, never from those in a pull request.
type Policy struct {
	Providers    []string // by source, such as hashicorp/aws; the built-in provider is always allowed
	Modules      []string // of registries, by source without version
	RefusedNames []string // patterns of data sources, functions and arguments
	AllowedNames []string // exceptions from RefusedNames
}

// trustedProviders only compute, or call the cloud that the plan is for.
var trustedProviders = []string{"hashicorp/aws", "hashicorp/null", "hashicorp/random", "hashicorp/time"}

// refusedNames are data sources, functions and arguments by which a plan runs programs,
// connects to addresses chosen by the author, or shows secrets.
var refusedNames = []string{
	"external", "http", "dns_*", "tls_certificate",
	"aws_lambda_invocation",
	// Credentials and secrets.
	"aws_secretsmanager_secret_version*", "aws_ssm_parameter*", "aws_kms_secret*", "aws_ivs_stream_key",
	"aws_ecr_authorization_token", "aws_ecrpublic_authorization_token", "aws_eks_cluster_auth", "aws_codeartifact_authorization_token",
	"aws_redshift_cluster_credentials", "aws_redshiftserverless_credentials", "aws_sts_web_identity_token",
	"aws_api_gateway_api_key*", "aws_cognito_user_pool_client", "aws_dms_certificate", "aws_glue_connection",
	"aws_cognito_identity_openid_token_for_developer_identity",
	// Content of any bucket, table or service, such as other states.
	"aws_s3_bucket_object", "aws_dynamodb_table_item", "aws_cloudcontrolapi_resource",
	"templatestring", // its template is a value, and may call file()
	// Settings of the AWS SDK in providers and backends: a file that they name may name a
	// program to run.
	"shared_config_files", "shared_credentials_files", "shared_credentials_file", "profile",
	// Settings that determine where requests go, or with which identity.
	"endpoint", "endpoints", "*_endpoint", "http_proxy", "https_proxy", "custom_ca_bundle", "assume_role*", "role_arn",
	"access_key", "secret_key", "token", "web_identity_token*", "insecure", "skip_*",
}

// importedSecrets are resources that show a secret after an import, in addition to those of
// refused data sources.
var importedSecrets = []string{
	"aws_appsync_api_key", "aws_cognito_managed_user_pool_client", "aws_grafana_workspace_*", "aws_iam_access_key",
	"aws_iam_service_specific_credential", "aws_iot_certificate", "aws_vpn_connection", "aws_wafv2_api_key",
}

// BuiltinProvider is part of Terraform itself.
const BuiltinProvider = "terraform.io/builtin/terraform"

// providerSourcePattern matches NAMESPACE/TYPE and HOST/NAMESPACE/TYPE.
var providerSourcePattern = regexp.MustCompile(`^([0-9a-z.-]+(:\d+)?/)?[0-9a-z_-]+/[0-9a-z_-]+$`)

// AllowsProvider reports whether a provider may run.
func (t Policy) AllowsProvider(source string) bool {
	if source == BuiltinProvider {
		return true
	}
	return slices.ContainsFunc(t.Providers, func(p string) bool { return NormalizeSource(p) == NormalizeSource(source) })
}

// NormalizeSource removes the host if Terraform and OpenTofu add it by default.
func NormalizeSource(source string) string {
	for _, host := range []string{"registry.terraform.io/", "registry.opentofu.org/"} {
		source = strings.TrimPrefix(source, host)
	}
	return source
}

// ProviderNames returns the addresses of the allowed providers in the form of a dependency
// lock file, without the registry's host if it is the default.
func (t Policy) ProviderNames() []string {
	names := []string{BuiltinProvider}
	for _, p := range t.Providers {
		names = append(names, NormalizeSource(p))
	}
	return names
}

// AllowsModule reports whether a module of a registry may be called.
func (t Policy) AllowsModule(source string) bool {
	source, _, _ = strings.Cut(source, "//")
	return slices.ContainsFunc(t.Modules, func(m string) bool { return NormalizeSource(m) == NormalizeSource(source) })
}

// RefusesName reports whether a data source, function or argument is not allowed.
func (t Policy) RefusesName(name string) bool {
	return matchesAny(t.RefusedNames, name) && !slices.Contains(t.AllowedNames, name)
}

// RefusesImport reports whether an import of a resource is not allowed: the plan would show
// what a data source may not read.
func (t Policy) RefusesImport(kind string) bool {
	return t.RefusesName(kind) || matchesAny(importedSecrets, kind)
}

func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		matched, err := path.Match(pattern, name)
		return matched && err == nil
	})
}

// PreviewPolicy returns the policy for plans of pull requests.
func (s *Settings) PreviewPolicy() Policy {
	t := s.policy
	if t.Providers == nil {
		t.Providers = trustedProviders
	}
	t.RefusedNames = append(slices.Clone(refusedNames), t.RefusedNames...)
	return t
}

var previewSchema = attributesSchema("providers", "modules", "refuse", "allow")

var moduleSourcePattern = regexp.MustCompile(`^([0-9A-Za-z.-]+(:\d+)?/)?[0-9A-Za-z_-]+/[0-9A-Za-z_-]+/[0-9a-z]+$`)

func (d *decoder) decodePolicy(content *hcl.BodyContent) (t Policy) {
	for name, attr := range content.Attributes {
		switch name {
		case "providers":
			t.Providers = append([]string{}, d.decodeValidStrings(attr, nil, "a provider's source, such as hashicorp/aws", providerSourcePattern.MatchString)...)
		case "modules":
			t.Modules = d.decodeValidStrings(attr, nil, "a module's source in a registry, such as terraform-aws-modules/vpc/aws", moduleSourcePattern.MatchString)
		case "refuse":
			t.RefusedNames = d.decodeValidStrings(attr, nil, "a name or a pattern of names, such as aws_ssm_*", isAddressPattern)
		case "allow":
			t.AllowedNames = d.decodeValidStrings(attr, nil, "a name that is refused otherwise, such as aws_ssm_parameter", isAddressPattern)
		}
	}
	return t
}
