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

// Ask is what IAM is asked: whether somebody may do this with that.
type Ask struct {
	Action, Resource string
	Context          map[string][]string
}

func (a Ask) String() string {
	text := a.Action + " of " + a.Resource
	for _, key := range slices.Sorted(maps.Keys(a.Context)) {
		text += fmt.Sprintf(", %s %s", key, strings.Join(a.Context[key], " "))
	}
	return text
}

// Account is what AWS knows of an account when it asks: names that calls use
// in place of ARNs.
type Account struct {
	Lists *Lists // needed when something is asked

	id    string
	mu    sync.Mutex
	roles map[string]string // ARNs of roles and instance profiles, by kind and name
	bound map[string]string // boundaries, by a role's ARN
	keys  map[string]string // keys of buckets and secrets, by ARN without what AWS makes up
}

// NewAccount is an account with nothing in it.
func NewAccount(id string) *Account {
	return &Account{id: id, roles: map[string]string{}, bound: map[string]string{}, keys: map[string]string{}}
}

// Of is what IAM is asked when the call is made: all of it must be allowed.
func (a *Account) Of(c Call) ([]Ask, error) {
	s := read(c)
	names, err := actionsOf(c, s)
	if err != nil {
		return nil, err
	}
	var asks []Ask
	for _, name := range names {
		own, err := a.of(name, c, s)
		if err != nil {
			return nil, err
		}
		asks = append(asks, own...)
		rows := append(born(c, s), a.opened(name, c, s)...)
		for _, row := range besides {
			if row.on == name {
				rows = append(rows, row)
			}
		}
		for _, row := range rows {
			more, err := a.beside(row, c, s)
			if err != nil {
				return nil, err
			}
			asks = append(asks, more...)
		}
	}
	return asks, nil
}

// of asks for one action of a call, of each thing that it is about.
func (a *Account) of(name string, c Call, s said) ([]Ask, error) {
	action, service, err := a.Lists.action(name)
	if err != nil {
		return nil, err
	}
	if c.Service == "apigateway" { // whose actions are methods, and whose ARNs are paths
		return []Ask{{name, "arn:aws:apigateway:" + c.Region + "::" + strings.TrimPrefix(c.Path, "/v2"), a.context(action, nil, c, s)}}, nil
	}
	var asks []Ask
	for _, of := range action.ResourceTypes {
		t := service.kinds[strings.ToLower(of.Name)]
		if t == nil || slices.Contains(unused, service.name+":"+t.Key) {
			continue
		}
		for _, arn := range a.named(t, of.Required, c, s) {
			asks = append(asks, Ask{name, arn, a.context(action, t, c, s)})
		}
	}
	if len(asks) == 0 { // where types are listed, the judge lets pass who may with some
		asks = append(asks, Ask{name, "*", a.context(action, nil, c, s)})
	}
	return asks, nil
}

// anyOne stands for a name or an id that AWS makes up, or that nobody gave:
// whoever may do it with this, may with all. A star would not: the judge takes
// that for what a policy has in its place.
const anyOne = "any"

// named are the ARNs of things of a type that a call is about: of what must be
// there, and is not made yet or has no name, of any.
func (a *Account) named(t *resourceType, required bool, c Call, s said) (arns []string) {
	for _, value := range s.all() {
		if strings.HasPrefix(value, "arn:") && t.arns.MatchString(value) {
			arns = append(arns, value)
		} else if kind := kindOf(value); kind != "" && kind == t.Key {
			arns = append(arns, a.fill(t, c, func(string) []string { return []string{value} })...)
		}
	}
	named, unknown := false, false
	filled := a.fill(t, c, func(v string) []string {
		values := a.nameOf(t, v, s)
		if len(values) == 0 {
			unknown = unknown || !slices.Contains(madeUp, v)
			return []string{anyOne}
		}
		named = true
		return values
	})
	if named && (required || !unknown) || required && len(arns) == 0 {
		arns = append(arns, filled...)
	}
	slices.Sort(arns)
	return slices.Compact(arns)
}

// fill puts names into a type's ARN.
func (a *Account) fill(t *resourceType, c Call, named func(variable string) []string) []string {
	arns := []string{t.ARN}
	for _, m := range variable.FindAllStringSubmatch(t.ARN, -1) {
		values := []string{}
		switch m[1] {
		case "Partition":
			values = append(values, "aws")
		case "Region":
			values = append(values, c.Region)
		case "Account":
			values = append(values, a.id)
		default:
			values = named(m[1])
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
