// Package rights computes which authorization queries AWS sends to IAM for an API call:
// the actions, their resources and the context. Most of this follows from AWS's own
// lists. The rest is in tables here, and each row names its document.
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

// Call is a request to a service in its protocol.
type Call struct {
	Service   string // the one that the call is signed for
	Region    string
	Operation string // "" if the protocol has only a method and a path
	Method    string
	Path      string
	Query     url.Values
	Header    http.Header
	Body      []byte
}

// AuthzQuery is a question to IAM: is this action on this resource allowed, in this
// context?
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

// Inventory is what AWS knows about an account: for example the ARNs of the names that
// calls use.
type Inventory struct {
	Reference *ServiceReference // needed by Queries

	id         string
	mu         sync.Mutex
	roles      map[string]string // ARNs of roles and instance profiles, by kind and name
	boundaries map[string]string // boundaries, by a role's ARN
	linked     map[string]bool   // services whose service-linked role exists
	keys       map[string]string // KMS keys of buckets and secrets, by ARN without the generated part
}

// NewInventory returns the inventory of an empty account.
func NewInventory(id string) *Inventory {
	return &Inventory{id: id, roles: map[string]string{}, boundaries: map[string]string{}, linked: map[string]bool{}, keys: map[string]string{}}
}

// Queries returns the queries for a call. All of them must be allowed.
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
		rows = append(rows, a.linkedRoleRows(name)...)
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

// actionQueries returns the queries for one action of a call, one per resource.
func (a *Inventory) actionQueries(name string, c Call, s params) ([]AuthzQuery, error) {
	action, service, err := a.Reference.findAction(name)
	if err != nil {
		return nil, err
	}
	if c.Service == "apigateway" { // its actions are methods, and its ARNs are paths
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
	if len(queries) == 0 { // even if types are listed: the simulator allows it if some resource is allowed
		queries = append(queries, AuthzQuery{name, "*", a.requestContext(action, nil, c, s)})
	}
	return queries, nil
}

// wildcard stands for a name or id that AWS generates or that the call does not give.
// Only a policy that allows every name matches it. A star would not do: the simulator
// would read it as a pattern.
const wildcard = "any"

// arns returns the ARNs of type t that the call refers to. For a required resource that
// does not exist yet or has no name, it returns an ARN with the wildcard.
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

// fillARN replaces the variables in a type's ARN by their values.
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
