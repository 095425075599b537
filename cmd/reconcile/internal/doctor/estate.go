package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"reconcile/internal/lazyregexp"
)

// siteFile has all values of the estate that are a company's own.
const siteFile = "env/site.auto.tfvars"

// estate checks the AWS estate of this repository, by the values in a checkout of it.
type estate struct {
	doctor *Doctor
	dir    string // top of the checkout
	site   site   // the zero value: not read
}

// site is what the checks need of siteFile.
type site struct {
	account string
	regions map[string]string // by home: tokyo, osaka
}

// RunEstate checks the AWS estate of this repository, in a checkout whose top is dir:
// its values, and what its account must have. It calls onResult after each check.
func (d *Doctor) RunEstate(ctx context.Context, dir string, onResult func(Result)) []Result {
	e := &estate{doctor: d, dir: dir}
	return runChecks(ctx, []check{
		{"values", e.checkValues},
		{"staging", e.checkStaging},
		{"account", e.checkAccount},
		{"quotas", e.checkQuotas},
		{"alarms", e.checkAlarms},
		{"trail", e.checkTrail},
	}, onResult)
}

// checkValues looks for values of the example company.
func (e *estate) checkValues(context.Context) (string, error) {
	found, err := readSite(filepath.Join(e.dir, filepath.FromSlash(siteFile)))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", withHint(fmt.Errorf("there is no %s in %s", siteFile, e.dir), "run it in a checkout of the fork (docs/bootstrap.md, step 1)")
	case err != nil:
		return "", withHint(err, "see docs/bootstrap.md, step 1")
	}
	e.site = found
	return siteFile + " and what is made from it: no placeholder is left", e.checkPlaceholders(false)
}

// checkStaging does the same for the environment staging, which not everybody has.
func (e *estate) checkStaging(context.Context) (string, error) {
	err := e.checkPlaceholders(true)
	if err != nil {
		return "", withHint(fmt.Errorf("%w: %w", errNotChecked, err), "without a staging account, leave it as it is")
	}
	return "no placeholder is left", nil
}

func (e *estate) checkPlaceholders(staging bool) error {
	left, err := findPlaceholders(e.dir)
	if err != nil {
		return err
	}
	var lines []string
	hint := "write your own values there (docs/bootstrap.md, step 1)"
	for _, p := range left {
		if p.staging != staging {
			continue
		}
		lines = append(lines, p.String())
		if !strings.HasPrefix(p.file, "env/site.") {
			hint = "write your own values into the files env/site.*.tfvars, then run: sh env/fill.sh (docs/bootstrap.md, step 1)"
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return withHint(fmt.Errorf("placeholders are left:\n%s", strings.Join(lines, "\n")), hint)
}

// placeholders matches the values of the example company that this repository ships.
var placeholders = lazyregexp.New(`\bexample\b|123456789012|210987654321|111122223333|Z0123456789ABCDEFGHIJ|Z0987654321JIHGFEDCBA` +
	`|dxvif-fg7xk3qa|dxvif-fg9mz2wd|ami-0a1b2c3d4e5f60718|ami-0f6e5d4c3b2a10987|IAH5w09pUo6oanwlvjClrYQuMBegvDBOzMIRDrgJK\+r0`)

// placeholder is a shipped value that is left.
type placeholder struct {
	file    string
	line    int
	value   string
	staging bool
}

func (p placeholder) String() string { return fmt.Sprintf("%s:%d: %q", p.file, p.line, p.value) }

// findPlaceholders looks through the strings of all that Terraform and reconcile read of
// env, without comments.
func findPlaceholders(dir string) (left []placeholder, err error) {
	for _, pattern := range []string{"env/*.tfvars", "env/*.hcl", "env/*.tfbackend", "env/*/*.tf", "env/*/*.tfvars"} {
		paths, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern)))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			found, err := findPlaceholdersIn(dir, path)
			if err != nil {
				return nil, err
			}
			left = append(left, found...)
		}
	}
	return left, nil
}

func findPlaceholdersIn(dir, path string) (left []placeholder, err error) {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&fs.ModeSymlink != 0 { // a link to siteFile
		return nil, err
	}
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	name, err := filepath.Rel(dir, path)
	if err != nil {
		return nil, err
	}
	name = filepath.ToSlash(name)
	tokens, _ := hclsyntax.LexConfig(src, name, hcl.InitialPos) // Terraform reports what is no HCL
	staging := strings.Contains(name, "staging")
	for _, token := range tokens {
		if token.Type != hclsyntax.TokenQuotedLit && token.Type != hclsyntax.TokenStringLit {
			continue
		}
		value := strings.TrimSpace(string(token.Bytes))
		if name == "env/reconcile.hcl" && value == "staging" {
			staging = true // its block is the last one
		}
		if placeholders().MatchString(value) {
			left = append(left, placeholder{name, token.Range.Start.Line, value, staging})
		}
	}
	return left, nil
}

// readSite reads the value site of a file of values.
func readSite(path string) (s site, err error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return s, err
	}
	file, diags := hclsyntax.ParseConfig(src, filepath.Base(path), hcl.InitialPos)
	if diags.HasErrors() {
		return s, diags
	}
	attrs, diags := file.Body.JustAttributes()
	if diags.HasErrors() {
		return s, diags
	}
	if attrs["site"] == nil {
		return s, fmt.Errorf("%s: no value site", filepath.Base(path))
	}
	value, diags := attrs["site"].Expr.Value(nil)
	if diags.HasErrors() {
		return s, diags
	}
	if s.account, err = stringAt(value, "account_id"); err != nil {
		return s, err
	}
	s.regions = map[string]string{}
	for _, home := range []string{"tokyo", "osaka"} {
		if s.regions[home], err = stringAt(value, "regions", home); err != nil {
			return s, err
		}
	}
	return s, nil
}

// stringAt returns the string at a path of attribute names.
func stringAt(value cty.Value, names ...string) (string, error) {
	for _, name := range names {
		if value.IsNull() || !value.Type().IsObjectType() || !value.Type().HasAttribute(name) {
			return "", fmt.Errorf("%s: no site.%s", siteFile, strings.Join(names, "."))
		}
		value = value.GetAttr(name)
	}
	if value.IsNull() || value.Type() != cty.String {
		return "", fmt.Errorf("%s: site.%s is no string", siteFile, strings.Join(names, "."))
	}
	return value.AsString(), nil
}
