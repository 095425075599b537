package workspace

import (
	"errors"
	"strings"
	"testing"

	"reconcile/internal/stateid"
)

// parseNodes parses lines "name identity reads=a,b depends=c,d".
func parseNodes(lines ...string) []Node {
	var list []Node
	for _, line := range lines {
		fields := strings.Fields(line)
		n := Node{Name: fields[0]}
		for _, f := range fields[1:] {
			if rest, ok := strings.CutPrefix(f, "reads="); ok {
				for read := range strings.SplitSeq(rest, ",") {
					n.Reads = append(n.Reads, stateid.ID(read))
				}
			} else if rest, ok := strings.CutPrefix(f, "depends="); ok {
				n.DependsOn, n.Positions = strings.Split(rest, ","), map[string]string{}
				for _, up := range n.DependsOn {
					n.Positions[up] = n.Name + ".hcl:" + up
				}
			} else {
				n.Identity = stateid.ID(f)
			}
		}
		list = append(list, n)
	}
	return list
}

func TestNewGraph(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		nodes []Node
		want  string
	}{
		{"none", parseNodes("b s3://b", "a s3://a"), ""},
		{"reads", parseNodes("a s3://x/a reads=s3://x/b", "b s3://x/b"), "a after b"},
		{"itself", parseNodes("a s3://x/a reads=s3://x/a"), ""},
		{"elsewhere", parseNodes("a s3://x/a reads=s3://org/n"), "a reads elsewhere s3://org/n"},
		{"depends", parseNodes("a s3://x/a depends=b", "b s3://x/b"), "a after b"},
		{"both ways to say it", parseNodes("a s3://x/a depends=b reads=s3://x/b", "b s3://x/b"), "a after b"},
		{"wildcard", parseNodes("a s3://x/a reads=s3://x/*/z", "b s3://x/p/z", "c s3://x/q/z", "d s3://y/q/z"), "a after b, c"},
		{"wildcard fits itself", parseNodes("a s3://x/a reads=s3://x/*", "b s3://x/b"), "a after b"},
		{"depends_on in place of a guess", parseNodes("a s3://x/a reads=s3://x/*,s3://x/c depends=b", "b s3://x/b reads=s3://x/c", "c s3://x/c", "d s3://x/d reads=s3://x/a"), "b after c\na after b, c\nd after a"},
		{"unparsed", parseNodes("a", "b reads=s3://x/c", "c s3://x/c"), "b after c"},
		{"chain", parseNodes("a depends=b", "b depends=c", "c"), "b after c\na after b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := NewGraph(tt.nodes)
			for _, n := range tt.nodes {
				if err := g.Err(n.Name); err != nil {
					t.Fatal(err)
				}
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

// TestGraphErrors checks that an error concerns only the workspaces that cause it: never z,
// nor their readers.
func TestGraphErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		nodes   []Node
		refused string
		want    string // of the first workspace with an error
	}{
		{"cycle", parseNodes("x depends=a", "a s3://a reads=s3://b", "b s3://b reads=s3://c", "c s3://c reads=s3://a"), "a b c", "a -> b -> c -> a"},
		{"two", parseNodes("a depends=b", "b depends=a", "z"), "a b", "a.hcl:b: dependency cycle between workspaces: a -> b -> a"},
		{"two circles", parseNodes("a depends=b", "b depends=a", "c depends=d,a", "d depends=c", "z depends=c"), "a b c d", "a -> b -> a"},
		{"half of it in the settings", parseNodes("a s3://a reads=s3://b", "b s3://b depends=a"), "a b", "b.hcl:a: dependency cycle between workspaces: a -> b -> a"},
		{"itself", parseNodes("a depends=a", "z"), "a", "a.hcl:a: workspace a depends on itself"},
		{"nothing", parseNodes("a depends=b", "z"), "a", "a.hcl:b: workspace a depends on b, which does not exist"},
		{"one identity", parseNodes("a s3://x", "b s3://x", "z reads=s3://x"), "a b", "workspaces a and b use the same state, s3://x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := NewGraph(tt.nodes)
			var refused []string
			for _, n := range tt.nodes {
				if g.Err(n.Name) != nil {
					refused = append(refused, n.Name)
				}
			}
			if got := strings.Join(refused, " "); got != tt.refused {
				t.Fatalf("refused: %s, want %s", got, tt.refused)
			}
			err := g.Err(refused[0])
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if cyclic := strings.Contains(tt.want, "->"); errors.Is(err, errCycle) != cyclic {
				t.Errorf("in a cycle: %t", !cyclic)
			}
			if len(g.Order()) != len(tt.nodes) {
				t.Errorf("order: %v", g.Order())
			}
		})
	}
}

// TestGraphOfGuesses checks that guessed dependencies make no cycle.
func TestGraphOfGuesses(t *testing.T) {
	t.Parallel()
	recalled := parseNodes("a s3://x", "b s3://x", "c s3://c reads=s3://x", "x s3://y reads=s3://c")
	recalled[0].LastKnown = true
	circle := parseNodes("a s3://a reads=s3://b", "b s3://b reads=s3://a")
	circle[0].LastKnown = true
	for _, tt := range []struct {
		name  string
		nodes []Node
		after string // of all workspaces
		warn  string // names
	}{
		{"two", parseNodes("a s3://a reads=s3://*", "b s3://b reads=s3://*", "c s3://c"), "a:c b:c c:", "a b"},
		{"three", parseNodes("a s3://a reads=s3://*", "b s3://b reads=s3://*", "c s3://c reads=s3://*", "n s3://n"), "a:n b:n c:n n:", "a b c"},
		{"a guess against what is known", parseNodes("net s3://net reads=s3://*", "x s3://x/x reads=s3://net", "y s3://x/y reads=s3://net"), "net: x:net y:net", "net"},
		{"the least certain goes", parseNodes("net s3://net reads=*", "x s3://x/x reads=s3://net,s3://x/*y", "y s3://x/y reads=s3://net"), "net: x:net,y y:net", "net"},
		{"no circle", parseNodes("a s3://a reads=s3://b*", "b s3://b"), "a:b b:", ""},
		{"nothing fits", parseNodes("a s3://x/a reads=s3://*/q"), "a:", "a"},
		{"itself alone fits", parseNodes("a s3://x/a reads=s3://x/*"), "a:", "a"},
		{"the place of one that does not parse", recalled, "a: b: c:b x:c", ""},
		{"the reads of one that does not parse", circle, "a: b:a", "a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := NewGraph(tt.nodes)
			var after, warn []string
			for _, n := range tt.nodes {
				if err := g.Err(n.Name); err != nil {
					t.Error(err)
				}
				after = append(after, n.Name+":"+strings.Join(g.DependsOn(n.Name), ","))
				if len(g.Warnings(n.Name)) > 0 {
					warn = append(warn, n.Name)
				}
			}
			if got := strings.Join(after, " "); got != tt.after {
				t.Errorf("got %s, want %s", got, tt.after)
			}
			if got := strings.Join(warn, " "); got != tt.warn {
				t.Errorf("warned: %s, want %s", got, tt.warn)
			}
		})
	}
}

func TestMatchesWildcard(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pattern stateid.ID
		text    string
		want    bool
	}{
		{"*", "", true}, {"a*", "a", true}, {"a*b", "ab", true}, {"a*b", "a", false}, {"a*a", "a", false},
		{"a*b*c", "axbyc", true}, {"a*b*c", "acb", false}, {"s3://b/*/t", "s3://b/x/y/t", true}, {"*ab*ab", "ab", false},
	} {
		if got := matchesWildcard(tt.pattern, tt.text); got != tt.want {
			t.Errorf("matchesWildcard(%q, %q) = %t", tt.pattern, tt.text, got)
		}
	}
}
