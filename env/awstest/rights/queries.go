// Package rights tells what AWS asks IAM when a call is made: which actions, of
// which resources, in what context. Most of that follows from AWS's own lists;
// what does not is in tables here, each row with its document.
package rights

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Call is a request to a service, as its protocol puts it.
type Call struct {
	Service   string // that it is signed for
	Region    string
	Operation string // "" where the protocol has none, but a method and a path
	Method    string
	Path      string
	Query     url.Values
	Header    http.Header
	Body      []byte
}

// AuthzQuery is what IAM is asked: whether somebody may do this with that.
type AuthzQuery struct {
	Action, Resource string
	Context          map[string][]string
}

func (a AuthzQuery) String() string {
	text := a.Action + " of " + a.Resource
	for _, key := range slices.Sorted(maps.Keys(a.Context)) {
		text += fmt.Sprintf(", %s %s", key, strings.Join(a.Context[key], " "))
	}
	return text
}

// Inventory is what AWS knows of an account when it asks: names that calls use
// in place of ARNs.
type Inventory struct {
	Reference *ServiceReference // needed when something is asked

	id         string
	mu         sync.Mutex
	roles      map[string]string // ARNs of roles and instance profiles, by kind and name
	boundaries map[string]string // boundaries, by a role's ARN
	keys       map[string]string // keys of buckets and secrets, by ARN without what AWS makes up
}

// NewInventory is an account with nothing in it.
func NewInventory(id string) *Inventory {
	return &Inventory{id: id, roles: map[string]string{}, boundaries: map[string]string{}, keys: map[string]string{}}
}

// Queries is what IAM is asked when the call is made: all of it must be allowed.
func (a *Inventory) Queries(c Call) ([]AuthzQuery, error) {
	s := parseParams(c)
	names, err := actionsOf(c, s)
	if err != nil {
		return nil, err
	}
	var queries []AuthzQuery
	for _, name := range names {
		actionQueries, err := a.actionQueries(name, c, s)
		if err != nil {
			return nil, err
		}
		queries = append(queries, actionQueries...)
		rows := append(tagOnCreateRows(c, s), a.encryptionRows(name, c, s)...)
		for _, row := range dependentActions {
			if row.action == name {
				rows = append(rows, row)
			}
		}
		for _, row := range rows {
			dependent, err := a.dependentQueries(row, c, s)
			if err != nil {
				return nil, err
			}
			queries = append(queries, dependent...)
		}
	}
	return queries, nil
}

// actionQueries asks for one action of a call, of each thing that it is about.
func (a *Inventory) actionQueries(name string, c Call, s params) ([]AuthzQuery, error) {
	action, service, err := a.Reference.findAction(name)
	if err != nil {
		return nil, err
	}
	if c.Service == "apigateway" { // whose actions are methods, and whose ARNs are paths
		return []AuthzQuery{{name, "arn:aws:apigateway:" + c.Region + "::" + strings.TrimPrefix(c.Path, "/v2"), a.requestContext(action, nil, c, s)}}, nil
	}
	var queries []AuthzQuery
	for _, listed := range action.ResourceTypes {
		t := service.resourceTypes[strings.ToLower(listed.Name)]
		if t == nil || slices.Contains(unusedTypes, service.name+":"+t.Key) {
			continue
		}
		for _, arn := range a.arns(t, listed.Required, c, s) {
			queries = append(queries, AuthzQuery{name, arn, a.requestContext(action, t, c, s)})
		}
	}
	if len(queries) == 0 { // where types are listed, the judge lets pass who may with some
		queries = append(queries, AuthzQuery{name, "*", a.requestContext(action, nil, c, s)})
	}
	return queries, nil
}

// wildcard stands for a name or an id that AWS makes up, or that nobody gave:
// whoever may do it with this, may with all. A star would not: the judge takes
// that for what a policy has in its place.
const wildcard = "any"

// arns are the ARNs of things of a type that a call is about: of what must be
// there, and is not made yet or has no name, of any.
func (a *Inventory) arns(t *resourceType, required bool, c Call, s params) (arns []string) {
	for _, value := range s.allValues() {
		if strings.HasPrefix(value, "arn:") && t.arnPattern.MatchString(value) {
			arns = append(arns, value)
		} else if kind := ec2TypeOf(value); kind != "" && kind == t.Key {
			arns = append(arns, a.fillARN(t, c, func(string) []string { return []string{value} })...)
		}
	}
	hasName, isUnknown := false, false
	filled := a.fillARN(t, c, func(v string) []string {
		values := a.valuesOf(t, v, s)
		if len(values) == 0 {
			isUnknown = isUnknown || !slices.Contains(generatedNames, v)
			return []string{wildcard}
		}
		hasName = true
		return values
	})
	if hasName && (required || !isUnknown) || required && len(arns) == 0 {
		arns = append(arns, filled...)
	}
	slices.Sort(arns)
	return slices.Compact(arns)
}

// fillARN puts names into a type's ARN.
func (a *Inventory) fillARN(t *resourceType, c Call, valuesOf func(variable string) []string) []string {
	arns := []string{t.ARN}
	for _, m := range variablePattern.FindAllStringSubmatch(t.ARN, -1) {
		values := []string{}
		switch m[1] {
		case "Partition":
			values = append(values, "aws")
		case "Region":
			values = append(values, c.Region)
		case "Account":
			values = append(values, a.id)
		default:
			values = valuesOf(m[1])
		}
		var next []string
		for _, arn := range arns {
			for _, value := range values {
				next = append(next, strings.Replace(arn, m[0], value, 1))
			}
		}
		arns = next
	}
	return arns
}
