package workspace

import (
	"path"
	"slices"
	"strings"
)

// IsToolFile reports whether a file or directory of the tree is no
// configuration, but Terraform would act on it: tests name modules to fetch,
// settings of its command line name programs, .terraform names both. It is not
// laid out for a plan of code that nobody has approved, which needs none.
func IsToolFile(p string) bool {
	name := path.Base(p)
	return slices.Contains([]string{".terraform", ".terraformrc", "terraform.rc", ".tofurc", "tofu.rc"}, name) ||
		slices.ContainsFunc([]string{".tftest", ".tofutest", ".tfmock", ".tofumock", ".tfquery"}, func(kind string) bool {
			return strings.HasSuffix(name, kind+".hcl") || strings.HasSuffix(name, kind+".json")
		})
}
