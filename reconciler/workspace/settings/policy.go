package settings

import (
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"reconcile/internal/lazyregexp"
	"reconcile/reconciler/workspace/repotree"
)

// Policy says which code a plan may run before a review. It comes from the settings at the
// tip, never from those in a pull request.
type Policy struct {
	Providers    []string // by source, such as hashicorp/aws; the built-in provider is always allowed
	Modules      []string // of registries, by source without version
	RefusedNames []string // patterns of data sources, functions and arguments
	AllowedNames []string // exceptions from RefusedNames

	registry string // host of addresses without one
}

// trustedProviders only compute, or call the cloud that the plan is for.
var trustedProviders = []string{"hashicorp/aws", "hashicorp/null", "hashicorp/random", "hashicorp/time"}

// BuiltinProvider is part of Terraform itself.
const BuiltinProvider = "terraform.io/builtin/terraform"

// providerSourcePattern matches NAMESPACE/TYPE and HOST/NAMESPACE/TYPE.
var providerSourcePattern = lazyregexp.New(`^([0-9a-z.-]+(:\d+)?/)?[0-9a-z_-]+/[0-9a-z_-]+$`)

// AllowsProvider reports whether a provider may run.
func (t Policy) AllowsProvider(source string) bool {
	if source == BuiltinProvider {
		return true
	}
	return slices.ContainsFunc(t.Providers, func(p string) bool { return t.normalizeSource(p) == t.normalizeSource(source) })
}

// normalizeSource removes the host that the product adds by default. That of the other
// product stays: there, somebody else may own the name.
func (t Policy) normalizeSource(source string) string {
	return strings.TrimPrefix(source, t.registry+"/")
}

// IsAWSProvider reports whether a source, of any registry, names the provider of AWS.
func IsAWSProvider(source string) bool {
	return source == "hashicorp/aws" || strings.HasSuffix(source, "/hashicorp/aws")
}

// ProviderNames returns the addresses of the allowed providers in the form of a dependency
// lock file, without the registry's host if it is the default.
func (t Policy) ProviderNames() []string {
	names := []string{BuiltinProvider}
	for _, p := range t.Providers {
		names = append(names, t.normalizeSource(p))
	}
	return names
}

// Registries returns the hosts, with their ports, that the listed providers and modules name.
func (t Policy) Registries() (hosts []string) {
	for _, source := range slices.Concat(t.Providers, t.Modules) {
		if host, _, _ := strings.Cut(source, "/"); strings.ContainsAny(host, ".:") && !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// AllowsModule reports whether a module of a registry may be called.
func (t Policy) AllowsModule(source string) bool {
	source, _, _ = strings.Cut(source, "//")
	return slices.ContainsFunc(t.Modules, func(m string) bool { return t.normalizeSource(m) == t.normalizeSource(source) })
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

// PreviewPolicy returns the policy for plans of pull requests with a product.
func (s *Settings) PreviewPolicy(product repotree.Product) Policy {
	t := s.policy
	t.registry = product.Registry()
	if t.Providers == nil {
		t.Providers = trustedProviders
	}
	t.RefusedNames = append(slices.Clone(refusedNames), t.RefusedNames...)
	return t
}

var previewSchema = attributesSchema("providers", "modules", "refuse", "allow")

var moduleSourcePattern = lazyregexp.New(`^([0-9A-Za-z.-]+(:\d+)?/)?[0-9A-Za-z_-]+/[0-9A-Za-z_-]+/[0-9a-z]+$`)

func (d *decoder) decodePolicy(content *hcl.BodyContent) (t Policy) {
	for name, attr := range content.Attributes {
		switch name {
		case "providers":
			t.Providers = append([]string{}, d.decodeValidStrings(attr, nil, "a provider's source, such as hashicorp/aws", providerSourcePattern().MatchString)...)
		case "modules":
			t.Modules = d.decodeValidStrings(attr, nil, "a module's source in a registry, such as terraform-aws-modules/vpc/aws", moduleSourcePattern().MatchString)
		case "refuse":
			t.RefusedNames = d.decodeValidStrings(attr, nil, "a name or a pattern of names, such as aws_ssm_*", isAddressPattern)
		case "allow":
			t.AllowedNames = d.decodeValidStrings(attr, nil, "a name that is refused otherwise, such as aws_ssm_parameter", isAddressPattern)
		}
	}
	return t
}
