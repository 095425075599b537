package repotree

import (
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Product is the program that reads the configuration. It determines which files are
// configuration.
type Product string

// The products.
const (
	Terraform Product = "terraform"
	OpenTofu  Product = "tofu"
)

// String returns the product's name for messages.
func (p Product) String() string {
	if p == OpenTofu {
		return "OpenTofu"
	}
	return "Terraform"
}

// Registry returns the host that the product adds to the address of a provider or module
// without one.
func (p Product) Registry() string {
	if p == OpenTofu {
		return "registry.opentofu.org"
	}
	return "registry.terraform.io"
}

// Suffixes of configuration files. Only OpenTofu reads its own.
var (
	configSuffixes = []string{".tf", ".tf.json"}
	tofuSuffixes   = []string{".tofu", ".tofu.json"}
)

// IsConfigFile reports whether the product loads a file with this name.
func (p Product) IsConfigFile(name string) bool {
	return hasConfigSuffix(name, configSuffixes) || p == OpenTofu && hasConfigSuffix(name, tofuSuffixes)
}

// IsAutoLoaded reports whether a product loads a file with this name automatically, as
// configuration or as values of variables.
func IsAutoLoaded(name string) bool {
	return OpenTofu.IsConfigFile(name) || IsLoadedVarFile(name)
}

// IsLoadedVarFile reports whether a product loads a file of values by itself.
func IsLoadedVarFile(name string) bool {
	return name == "terraform.tfvars" || name == "terraform.tfvars.json" ||
		strings.HasSuffix(name, ".auto.tfvars") || strings.HasSuffix(name, ".auto.tfvars.json")
}

// ConfigFiles returns the files of a directory that the product loads. OpenTofu ignores
// x.tf if x.tofu exists, and x.tf.json if x.tofu.json exists.
func (p Product) ConfigFiles(entries []fs.DirEntry) []fs.DirEntry {
	shadowed := map[string]bool{}
	for _, e := range entries {
		if p != OpenTofu || e.IsDir() || !p.IsConfigFile(e.Name()) {
			continue
		}
		for i, suffix := range tofuSuffixes {
			if base, ok := strings.CutSuffix(e.Name(), suffix); ok {
				shadowed[base+configSuffixes[i]] = true
			}
		}
	}
	var files []fs.DirEntry
	for _, e := range entries {
		if !e.IsDir() && p.IsConfigFile(e.Name()) && !shadowed[e.Name()] {
			files = append(files, e)
		}
	}
	return files
}

// hasConfigSuffix reports whether a file has one of the suffixes and Terraform does not
// ignore it as a hidden file or an editor's backup.
func hasConfigSuffix(name string, suffixes []string) bool {
	if strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") || strings.HasPrefix(name, "#") && strings.HasSuffix(name, "#") {
		return false
	}
	for _, s := range suffixes {
		if strings.HasSuffix(name, s) {
			return true
		}
	}
	return false
}

// IsOverride reports whether a file's content overrides that of other files.
func IsOverride(name string) bool {
	base := strings.TrimSuffix(name, ".json")
	base = strings.TrimSuffix(strings.TrimSuffix(base, ".tf"), ".tofu")
	return base == "override" || strings.HasSuffix(base, "_override")
}

// IsToolFile reports whether a file or directory of the tree is not configuration, but
// affects Terraform: tests name modules to fetch, CLI settings name programs, .terraform
// names both. Plans of unreviewed code do not need these files, and do not check them out.
func IsToolFile(p string) bool {
	name := path.Base(p)
	return slices.Contains([]string{".terraform", ".terraformrc", "terraform.rc", ".tofurc", "tofu.rc"}, name) || IsTestFile(name)
}

// IsTestFile reports whether a product reads a file with this name for "test" or "query", and
// not for a plan.
func IsTestFile(name string) bool {
	return slices.ContainsFunc([]string{".tftest", ".tofutest", ".tfmock", ".tofumock", ".tfquery"}, func(kind string) bool {
		return strings.HasSuffix(name, kind+".hcl") || strings.HasSuffix(name, kind+".json")
	})
}
