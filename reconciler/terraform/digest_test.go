package terraform_test

import (
	"strings"
	"testing"

	"reconcile/internal/plandigest"
	"reconcile/reconciler/terraform"
)

// TestDigest plans different changes from one state, each in a separate checkout, and checks
// which of them get the same digest.
func TestDigest(t *testing.T) {
	t.Parallel()
	const before = `
resource "terraform_data" "x" {
  input            = "1"
  triggers_replace = "1"
}
resource "terraform_data" "y" {}
output "o" { value = "1" }
`
	plans := map[string]struct {
		main    string
		changes terraform.Changes
	}{
		"update":   {strings.Replace(before, `input            = "1"`, `input = "2"`, 1), terraform.Changes{Change: 1}},
		"update 3": {strings.Replace(before, `input            = "1"`, `input = "3"`, 1), terraform.Changes{Change: 1}},
		"sensitive 3": {strings.Replace(before, `input            = "1"`, `input = sensitive("3")`, 1),
			terraform.Changes{Change: 1}},
		"sensitive 4": {strings.Replace(before, `input            = "1"`, `input = sensitive("4")`, 1),
			terraform.Changes{Change: 1}},
		"replace":   {strings.Replace(before, `replace = "1"`, `replace = "2"`, 1), terraform.Changes{Replace: 1}},
		"replace 3": {strings.Replace(before, `replace = "1"`, `replace = "3"`, 1), terraform.Changes{Replace: 1}},
		"destroy":   {strings.Replace(before, `resource "terraform_data" "y" {}`, ``, 1), terraform.Changes{Destroy: 1}},
		"add":       {before + `resource "terraform_data" "z" {}`, terraform.Changes{Add: 1}},
		"output":    {strings.Replace(before, `value = "1"`, `value = "2"`, 1), terraform.Changes{}},
		"import":    {before + "resource \"terraform_data\" \"z\" {}\nimport {\n  to = terraform_data.z\n  id = \"z\"\n}\n", terraform.Changes{}},
		"move": {strings.Replace(before, `"y"`, `"w"`, 1) + "moved {\n  from = terraform_data.y\n  to = terraform_data.w\n}\n",
			terraform.Changes{}},
		"forget": {strings.Replace(before, `resource "terraform_data" "y" {}`, "removed {\n  from = terraform_data.y\n  lifecycle {\n    destroy = false\n  }\n}\n", 1),
			terraform.Changes{}},
	}
	testBothProducts(t, func(t *testing.T, opt option) {
		tf := newTerraform(t, opt)
		seen := map[plandigest.Digest]string{}
		base := newFixtureOf(t, tf, "base", before)
		base.apply()
		for name, p := range plans {
			base.write("main.tf", p.main)
			plan := base.planAndClose()
			if plan.Empty || plan.Changes != p.changes {
				t.Errorf("%s: empty %v, changes %+v", name, plan.Empty, plan.Changes)
			}
			if other, known := seen[plan.Digest]; known {
				t.Errorf("%s and %s have one digest", name, other)
			}
			seen[plan.Digest] = name
		}
		base.write("main.tf", plans["replace"].main)
		if second := base.planAndClose(); seen[second.Digest] != "replace" {
			t.Error("planned again, a change has another digest")
		}
	})
}

// TestDigestIsOfTheChangeAlone compares two states that differ in nothing that a plan
// changes: the same resources, created at other times and in another order.
func TestDigestIsOfTheChangeAlone(t *testing.T) {
	t.Parallel()
	const one, two = `resource "terraform_data" "a" { input = "1" }`, `resource "terraform_data" "b" { input = "1" }`
	tf := newTerraform(t)
	x, y := newFixtureOf(t, tf, "x", one+"\n"+two), newFixtureOf(t, tf, "y", two+"\n"+one)
	if a, b := x.planAndClose().Digest, y.planAndClose().Digest; a != b {
		t.Errorf("digests %s and %s of the same resources to create", a, b)
	}
	x.apply()
	if first, empty := x.planAndClose(), newFixtureOf(t, tf, "z", "").planAndClose(); !first.Empty || first.Digest != empty.Digest {
		t.Error("empty plans have several digests")
	}
}

func TestOutputsDigest(t *testing.T) {
	t.Parallel()
	const equal = `output "o" { value = "1" }`
	testBothProducts(t, func(t *testing.T, opt option) {
		tf := newTerraform(t, opt)
		seen := map[string]string{}
		for _, outputs := range []string{
			``,
			equal,
			`output "p" { value = "1" }`,
			`output "o" { value = 1 }`,
			"output \"o\" {\n value = \"1\"\n sensitive = true\n}",
			`output "o" { value = 12345678901234567890 }`,
			`output "o" { value = 12345678901234567891 }`,
			`output "o" { value = ["1"] }`,
			`output "o" { value = toset(["1"]) }`,
		} {
			s := newFixtureOf(t, tf, "one", outputs)
			_, sum := s.apply()
			if other, known := seen[sum]; known {
				t.Errorf("%s and %s have one digest", outputs, other)
			}
			seen[sum] = outputs
		}
		s := newFixtureOf(t, tf, "two", equal)
		if _, second := s.apply(); seen[second] != equal {
			t.Error("equal outputs in another state have another digest")
		}
		session := s.init()
		sum, err := session.Outputs(t.Context(), []byte("other key"))
		if err != nil {
			t.Fatal(err)
		}
		if seen[sum.Digest] != "" {
			t.Error("the key does not matter")
		}
	})
}
