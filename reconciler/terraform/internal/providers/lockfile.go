package providers

import (
	"path/filepath"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// LockFile is the name of a dependency lock file.
const LockFile = ".terraform.lock.hcl"

// LockedProvider is a provider in a dependency lock file.
type LockedProvider struct {
	Source  string // HOST/NAMESPACE/TYPE
	Version string
	Hashes  []string // of packages that Terraform accepts
}

// ParseLockFile returns the providers of a dependency lock file.
func ParseLockFile(text []byte) ([]LockedProvider, error) {
	file, diags := hclsyntax.ParseConfig(text, LockFile, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, diags
	}
	var all []LockedProvider
	for _, b := range file.Body.(*hclsyntax.Body).Blocks {
		if b.Type != "provider" || len(b.Labels) != 1 {
			continue
		}
		p := LockedProvider{Source: b.Labels[0]}
		for name, a := range b.Body.Attributes {
			v, diags := a.Expr.Value(nil)
			if diags.HasErrors() {
				return nil, diags
			}
			switch {
			case name == "version" && v.Type() == cty.String && !v.IsNull():
				p.Version = v.AsString()
			case name == "hashes" && !v.IsNull() && v.CanIterateElements():
				for _, hash := range v.AsValueSlice() {
					if hash.Type() == cty.String && !hash.IsNull() {
						p.Hashes = append(p.Hashes, hash.AsString())
					}
				}
			}
		}
		all = append(all, p)
	}
	return all, nil
}

// HasAll reports whether the cache has every provider of a lock file with a hash listed
// there.
func (c Cache) HasAll(locked []LockedProvider) bool {
	return !slices.ContainsFunc(locked, func(p LockedProvider) bool {
		return !slices.Contains(p.Hashes, c.hash(filepath.Join(filepath.FromSlash(p.Source), p.Version, Platform)))
	})
}
