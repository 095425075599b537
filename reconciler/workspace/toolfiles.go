package workspace

import (
	"path"
	"slices"
	"strings"
)

// IsToolFile reports whether a file or directory of the tree is not configuration, but
// affects Terraform: tests name modules to fetch, CLI settings name programs, .terraform
// names both. Plans of unreviewed code do not need these files, and do not check them out.
func IsToolFile(p string) bool {
	name := path.Base(p)
	return slices.Contains([]string{".terraform", ".terraformrc", "terraform.rc", ".tofurc", "tofu.rc"}, name) ||
		slices.ContainsFunc([]string{".tftest", ".tofutest", ".tfmock", ".tofumock", ".tfquery"}, func(kind string) bool {
			return strings.HasSuffix(name, kind+".hcl") || strings.HasSuffix(name, kind+".json")
		})
}
