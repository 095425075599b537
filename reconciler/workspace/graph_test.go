package workspace

import (
	"errors"
	"strings"
	"testing"
)

// nodes parses lines "name identity reads=a,b depends=c,d".
func nodes(lines ...string) []Node {
	var list []Node
	for _, line := range lines {
		fields := strings.Fields(line)
		n := Node{Name: fields[0]}
		for _, f := range fields[1:] {
			if rest, ok := strings.CutPrefix(f, "reads="); ok {
				n.Reads = strings.Split(rest, ",")
			} else if rest, ok := strings.CutPrefix(f, "depends="); ok {
				n.DependsOn = strings.Split(rest, ",")
			} else {
				n.Identity = f
			}
		}
		list = append(list, n)
	}
	return list
}

func TestLink(t *testing.T) {
	tests := []struct {
		name  string
		nodes []Node
		want  string
	}{
		{"none", nodes("b s3://b", "a s3://a"), ""},
		{"reads", nodes("a s3://x/a reads=s3://x/b", "b s3://x/b"), "a after b"},
		{"itself", nodes("a s3://x/a reads=s3://x/a"), ""},
		{"elsewhere", nodes("a s3://x/a reads=s3://org/n"), "a reads elsewhere s3://org/n"},
		{"depends", nodes("a s3://x/a depends=b", "b s3://x/b"), "a after b"},
		{"both ways to say it", nodes("a s3://x/a depends=b reads=s3://x/b", "b s3://x/b"), "a after b"},
		{"wildcard", nodes("a s3://x/a reads=s3://x/*/z", "b s3://x/p/z", "c s3://x/q/z", "d s3://y/q/z"), "a after b, c"},
		{"wildcard fits itself", nodes("a s3://x/a reads=s3://x/*", "b s3://x/b"), "a after b"},
		{"depends_on in place of a guess", nodes("a s3://x/a reads=s3://x/*,s3://x/c depends=b", "b s3://x/b reads=s3://x/c", "c s3://x/c", "d s3://x/d reads=s3://x/a"), "b after c\na after b, c\nd after a"},
		{"unparsed", nodes("a", "b reads=s3://x/c", "c s3://x/c"), "b after c"},
		{"chain", nodes("a depends=b", "b depends=c", "c"), "b after c\na after b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g, err := Link(tt.nodes)
			if err != nil {
				t.Fatal(err)
			}
			if got := describeGraph(g); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
			if len(g.Order()) != len(tt.nodes) {
				t.Errorf("order: %v", g.Order())
			}
			for _, n := range tt.nodes {
				for _, up := range g.DependsOn(n.Name) {
					if !strings.Contains(strings.Join(g.Readers(up), " "), n.Name) {
						t.Errorf("%s is no reader of %s", n.Name, up)
					}
				}
			}
		})
	}
}

func TestLinkErrors(t *testing.T) {
	tests := []struct {
		name  string
		nodes []Node
		want  string
	}{
		{"cycle", nodes("x depends=a", "a s3://a reads=s3://b", "b s3://b reads=s3://c", "c s3://c reads=s3://a"), "a -> b -> c -> a"},
		{"two", nodes("a depends=b", "b depends=a"), "a -> b -> a"},
		{"itself", nodes("a depends=a"), "workspace a depends on itself"},
		{"nothing", nodes("a depends=b"), "workspace a depends on b, which does not exist"},
		{"one identity", nodes("a s3://x", "b s3://x"), "workspaces a and b keep their state at one place, s3://x"},
		{"one name", nodes("a s3://x", "a s3://y"), "two workspaces are named a"},
		{"wildcard without a match", nodes("a s3://x/a reads=s3://*/q"), "name those it reads in depends_on"},
		{"wildcard fits itself alone", nodes("a s3://x/a reads=s3://x/*"), "name those it reads in depends_on"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Link(tt.nodes)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if cyclic := strings.Contains(tt.want, "->"); errors.Is(err, ErrCycle) != cyclic {
				t.Errorf("ErrCycle: %t", !cyclic)
			}
		})
	}
}

func TestFits(t *testing.T) {
	for _, tt := range []struct {
		pattern, text string
		want          bool
	}{
		{"*", "", true}, {"a*", "a", true}, {"a*b", "ab", true}, {"a*b", "a", false}, {"a*a", "a", false},
		{"a*b*c", "axbyc", true}, {"a*b*c", "acb", false}, {"s3://b/*/t", "s3://b/x/y/t", true}, {"*ab*ab", "ab", false},
	} {
		if got := fits(tt.pattern, tt.text); got != tt.want {
			t.Errorf("fits(%q, %q) = %t", tt.pattern, tt.text, got)
		}
	}
}
