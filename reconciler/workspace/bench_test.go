package workspace

import (
	"fmt"
	"strings"
	"testing"

	"reconcile/reconciler/workspace/internal/treetest"
	"reconcile/reconciler/workspace/settings"
)

// monorepo returns a tree of workspaces that each call three modules of a usual size.
func monorepo(workspaces, modules int) (*treetest.Tree, []settings.Dir, []settings.Config) {
	files := map[string]string{}
	for i := range modules {
		var b strings.Builder
		b.WriteString("variable \"name\" {\n  type = string\n}\nlocals {\n  tags = { Name = var.name }\n}\n")
		for r := range 10 {
			fmt.Fprintf(&b, `
resource "aws_thing" "r%[1]d" {
  name        = "${var.name}-r%[1]d"
  description = "Managed by Terraform"
  subnet_ids  = [for s in aws_subnet.all : s.id]
  tags        = merge(local.tags, { Role = "r%[1]d" })
  vpc_id      = aws_vpc.this.id
  enabled     = var.name == "x" ? true : false

  rule {
    cidr = "10.0.%[1]d.0/24"
    port = 443
  }
}
`, r)
		}
		fmt.Fprintf(&b, "resource \"x\" \"policy\" {\n  policy = file(\"${path.module}/../../policies/%d.json\")\n}\n", i%7)
		files[fmt.Sprintf("modules/m%03d/main.tf", i)] = b.String()
	}
	var dirs []settings.Dir
	for i := range workspaces {
		d := settings.Dir{Name: fmt.Sprintf("w%04d", i), Path: fmt.Sprintf("env/w%04d", i)}
		var b strings.Builder
		for k := range 3 {
			fmt.Fprintf(&b, "module \"m%d\" {\n  source = \"../../modules/m%03d\"\n  name   = local.name\n}\n", k, (i*7+k*13)%modules)
		}
		files[d.Path+"/main.tf"] = b.String()
		files[d.Path+"/locals.tf"] = fmt.Sprintf("locals {\n  name = %q\n}\n", d.Name)
		dirs = append(dirs, d)
	}
	return treetest.New(files), dirs, make([]settings.Config, workspaces)
}

func BenchmarkLoadAll(b *testing.B) {
	tree, dirs, configs := monorepo(1000, 300)
	for b.Loop() {
		for _, w := range loadAll(b, tree, dirs, configs) {
			if w.Err != nil {
				b.Fatal(w.Err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(dirs)), "µs/workspace")
}

func BenchmarkStale(b *testing.B) {
	tree, dirs, configs := monorepo(1000, 300)
	var traces []map[string]string
	for _, w := range loadAll(b, tree, dirs, configs) {
		traces = append(traces, w.Trace(newFileLists(tree)))
	}
	for b.Loop() {
		for _, trace := range traces {
			if stale := StalePaths(newFileLists(tree), settings.Config{}, trace); len(stale) > 0 {
				b.Fatal(stale)
			}
		}
	}
}
