package awstest

import (
	"maps"
	"slices"
	"sync"
)

// firewalls is Route 53 Resolver's DNS Firewall, of which moto has nothing:
// the calls that Terraform's provider makes for lists of domains, groups of
// rules, rules, and the networks that they hold for (Amazon Route 53 API
// Reference, "Amazon Route 53 Resolver", version 2018-04-01, where each is
// named as here). What else Resolver does is moto's.
type firewalls struct {
	mu sync.Mutex
	// Things by Region and id, as the API describes them.
	things  map[string]map[string]any
	domains map[string][]any            // of a list
	rules   map[string][]map[string]any // of a group
	tags    map[string]map[string]string
}

func newFirewalls() *firewalls {
	return &firewalls{things: map[string]map[string]any{}, domains: map[string][]any{}, rules: map[string][]map[string]any{}, tags: map[string]map[string]string{}}
}

// firewallKinds are what ids and ARNs of things begin with, by what the API
// calls them.
var firewallKinds = map[string]struct{ id, arn string }{
	"FirewallDomainList":           {"rslvr-fdl-", "firewall-domain-list/"},
	"FirewallRuleGroup":            {"rslvr-frg-", "firewall-rule-group/"},
	"FirewallRuleGroupAssociation": {"rslvr-frgassoc-", "firewall-rule-group-association/"},
}

func (f *firewalls) serve(c *call, moto func(*call) *answer) *answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	in := c.object()
	switch c.operation {
	case "CreateFirewallDomainList":
		return f.make(c, "FirewallDomainList", in, map[string]any{"Name": in["Name"], "Status": "COMPLETE"})
	case "CreateFirewallRuleGroup":
		return f.make(c, "FirewallRuleGroup", in, map[string]any{"Name": in["Name"], "Status": "COMPLETE", "ShareStatus": "NOT_SHARED", "OwnerId": Account})
	case "AssociateFirewallRuleGroup":
		return f.associate(c, in)
	case "GetFirewallDomainList", "DeleteFirewallDomainList":
		return f.look(c, "FirewallDomainList", text(in["FirewallDomainListId"]))
	case "GetFirewallRuleGroup", "DeleteFirewallRuleGroup":
		return f.look(c, "FirewallRuleGroup", text(in["FirewallRuleGroupId"]))
	case "GetFirewallRuleGroupAssociation", "DisassociateFirewallRuleGroup":
		return f.look(c, "FirewallRuleGroupAssociation", text(in["FirewallRuleGroupAssociationId"]))
	case "UpdateFirewallDomains":
		return f.updateDomains(c, in)
	case "ListFirewallDomains":
		return reply(map[string]any{"Domains": f.domains[c.region+text(in["FirewallDomainListId"])]})
	case "CreateFirewallRule", "UpdateFirewallRule", "DeleteFirewallRule", "ListFirewallRules":
		return f.rule(c, in)
	case "ListTagsForResource", "TagResource", "UntagResource":
		return f.tag(c, in, moto)
	}
	return moto(c)
}

func (f *firewalls) make(c *call, kind string, in, thing map[string]any) *answer {
	names := firewallKinds[kind]
	made := names.id + newID()[:8]
	arn := "arn:aws:route53resolver:" + c.region + ":" + Account + ":" + names.arn + made
	thing["Id"], thing["Arn"] = made, arn
	f.things[c.region+made] = thing
	f.tags[arn] = tagsOf(in["Tags"])
	return reply(map[string]any{kind: thing})
}

func (f *firewalls) associate(c *call, in map[string]any) *answer {
	if f.things[c.region+text(in["FirewallRuleGroupId"])] == nil {
		return c.refuse("ResourceNotFoundException", "there is no rule group %s", in["FirewallRuleGroupId"])
	}
	return f.make(c, "FirewallRuleGroupAssociation", in, map[string]any{
		"Name": in["Name"], "FirewallRuleGroupId": in["FirewallRuleGroupId"], "VpcId": in["VpcId"], "Priority": in["Priority"],
		"MutationProtection": or(in["MutationProtection"], "DISABLED"), "Status": "COMPLETE",
	})
}

// look finds a thing, and removes it if that is asked. A group that a network
// has, or that has rules, stays (DeleteFirewallRuleGroup), and so does a list
// that a rule names.
func (f *firewalls) look(c *call, kind, id string) *answer {
	thing := f.things[c.region+id]
	if thing == nil {
		return c.refuse("ResourceNotFoundException", "there is no %s %s", kind, id)
	}
	if c.operation == "Get"+kind {
		return reply(map[string]any{kind: thing})
	}
	for _, other := range f.things {
		if other["FirewallRuleGroupId"] == id {
			return c.refuse("ConflictException", "%s is associated with %s", id, other["VpcId"])
		}
	}
	for _, rules := range f.rules {
		for _, rule := range rules {
			if rule["FirewallRuleGroupId"] == id || rule["FirewallDomainListId"] == id {
				return c.refuse("ConflictException", "rule %s uses %s", rule["Name"], id)
			}
		}
	}
	delete(f.things, c.region+id)
	delete(f.tags, text(thing["Arn"]))
	return reply(map[string]any{kind: thing})
}

func (f *firewalls) updateDomains(c *call, in map[string]any) *answer {
	id := text(in["FirewallDomainListId"])
	thing := f.things[c.region+id]
	if thing == nil {
		return c.refuse("ResourceNotFoundException", "there is no list %s", id)
	}
	had, given := f.domains[c.region+id], list(in["Domains"])
	switch in["Operation"] {
	case "ADD":
		given = append(slices.Clone(had), given...)
	case "REMOVE":
		given = slices.DeleteFunc(slices.Clone(had), func(domain any) bool { return slices.Contains(given, domain) })
	}
	f.domains[c.region+id] = given
	return reply(map[string]any{"Id": id, "Name": thing["Name"], "Status": "COMPLETE"})
}

// rule does what is asked of a rule, which is named by its group and list.
func (f *firewalls) rule(c *call, in map[string]any) *answer {
	group := c.region + text(in["FirewallRuleGroupId"])
	if f.things[group] == nil {
		return c.refuse("ResourceNotFoundException", "there is no rule group %s", in["FirewallRuleGroupId"])
	}
	at := slices.IndexFunc(f.rules[group], func(r map[string]any) bool { return r["FirewallDomainListId"] == in["FirewallDomainListId"] })
	switch {
	case c.operation == "ListFirewallRules":
		return reply(map[string]any{"FirewallRules": append([]map[string]any{}, f.rules[group]...)})
	case c.operation == "CreateFirewallRule" && at >= 0:
		return c.refuse("ConflictException", "the group has a rule for %s", in["FirewallDomainListId"])
	case c.operation == "CreateFirewallRule":
		f.rules[group] = append(f.rules[group], map[string]any{})
		at = len(f.rules[group]) - 1
	case at < 0:
		return c.refuse("ResourceNotFoundException", "the group has no rule for %s", in["FirewallDomainListId"])
	}
	rule := f.rules[group][at]
	if c.operation == "DeleteFirewallRule" {
		f.rules[group] = slices.Delete(f.rules[group], at, at+1)
	} else {
		maps.Copy(rule, in)
	}
	return reply(map[string]any{"FirewallRule": rule})
}

func (f *firewalls) tag(c *call, in map[string]any, moto func(*call) *answer) *answer {
	tags := f.tags[text(in["ResourceArn"])]
	switch {
	case tags == nil:
		return moto(c)
	case c.operation == "TagResource":
		maps.Copy(tags, tagsOf(in["Tags"]))
	case c.operation == "UntagResource":
		for _, key := range list(in["TagKeys"]) {
			delete(tags, text(key))
		}
	}
	return reply(map[string]any{"Tags": asTags(tags)})
}
