package awstest

import (
	"maps"
	"slices"
	"sync"
)

// firewalls implements Route 53 Resolver's DNS Firewall, which moto lacks: the calls
// that Terraform's provider makes for domain lists, rule groups, rules and associations
// with VPCs (Amazon Route 53 API Reference, "Amazon Route 53 Resolver", version
// 2018-04-01, which uses the same names). moto does the rest of Resolver.
type firewalls struct {
	mu sync.Mutex
	// Objects by Region and id, in the form of the API.
	things  map[string]map[string]any
	domains map[string][]any            // by list
	rules   map[string][]map[string]any // by group
	tags    map[string]map[string]string
}

func newFirewalls() *firewalls {
	return &firewalls{things: map[string]map[string]any{}, domains: map[string][]any{}, rules: map[string][]map[string]any{}, tags: map[string]map[string]string{}}
}

// firewallKinds are the prefixes of ids and ARNs, by the API's name of the type.
var firewallKinds = map[string]struct{ id, arn string }{
	"FirewallDomainList":           {"rslvr-fdl-", "firewall-domain-list/"},
	"FirewallRuleGroup":            {"rslvr-frg-", "firewall-rule-group/"},
	"FirewallRuleGroupAssociation": {"rslvr-frgassoc-", "firewall-rule-group-association/"},
}

func (f *firewalls) serve(c *call, moto func(*call) *response) *response {
	f.mu.Lock()
	defer f.mu.Unlock()
	in := c.bodyObject()
	switch c.operation {
	case "CreateFirewallDomainList":
		return f.create(c, "FirewallDomainList", in, map[string]any{"Name": in["Name"], "Status": "COMPLETE"})
	case "CreateFirewallRuleGroup":
		return f.create(c, "FirewallRuleGroup", in, map[string]any{"Name": in["Name"], "Status": "COMPLETE", "ShareStatus": "NOT_SHARED", "OwnerId": c.account})
	case "AssociateFirewallRuleGroup":
		return f.associate(c, in)
	case "GetFirewallDomainList", "DeleteFirewallDomainList":
		return f.getOrDelete(c, "FirewallDomainList", asString(in["FirewallDomainListId"]))
	case "GetFirewallRuleGroup", "DeleteFirewallRuleGroup":
		return f.getOrDelete(c, "FirewallRuleGroup", asString(in["FirewallRuleGroupId"]))
	case "GetFirewallRuleGroupAssociation", "DisassociateFirewallRuleGroup":
		return f.getOrDelete(c, "FirewallRuleGroupAssociation", asString(in["FirewallRuleGroupAssociationId"]))
	case "UpdateFirewallDomains":
		return f.updateDomains(c, in)
	case "ListFirewallDomains":
		return jsonResponse(map[string]any{"Domains": f.domains[c.region+asString(in["FirewallDomainListId"])]})
	case "CreateFirewallRule", "UpdateFirewallRule", "DeleteFirewallRule", "ListFirewallRules":
		return f.serveRule(c, in)
	case "ListTagsForResource", "TagResource", "UntagResource":
		return f.serveTags(c, in, moto)
	}
	return moto(c)
}

func (f *firewalls) create(c *call, kind string, in, thing map[string]any) *response {
	names := firewallKinds[kind]
	thingID := names.id + newID()[:8]
	arn := "arn:aws:route53resolver:" + c.region + ":" + c.account + ":" + names.arn + thingID
	thing["Id"], thing["Arn"] = thingID, arn
	f.things[c.region+thingID] = thing
	f.tags[arn] = tagsOf(in["Tags"])
	return jsonResponse(map[string]any{kind: thing})
}

func (f *firewalls) associate(c *call, in map[string]any) *response {
	if f.things[c.region+asString(in["FirewallRuleGroupId"])] == nil {
		return c.errorResponse("ResourceNotFoundException", "there is no rule group %s", in["FirewallRuleGroupId"])
	}
	return f.create(c, "FirewallRuleGroupAssociation", in, map[string]any{
		"Name": in["Name"], "FirewallRuleGroupId": in["FirewallRuleGroupId"], "VpcId": in["VpcId"], "Priority": in["Priority"],
		"MutationProtection": orDefault(in["MutationProtection"], "DISABLED"), "Status": "COMPLETE",
	})
}

// getOrDelete returns an object, or deletes it. A rule group with an association or
// rules cannot be deleted (DeleteFirewallRuleGroup), and neither can a list that a rule
// names.
func (f *firewalls) getOrDelete(c *call, kind, id string) *response {
	thing := f.things[c.region+id]
	if thing == nil {
		return c.errorResponse("ResourceNotFoundException", "there is no %s %s", kind, id)
	}
	if c.operation == "Get"+kind {
		return jsonResponse(map[string]any{kind: thing})
	}
	for _, association := range f.things {
		if association["FirewallRuleGroupId"] == id {
			return c.errorResponse("ConflictException", "%s is associated with %s", id, association["VpcId"])
		}
	}
	for _, rules := range f.rules {
		for _, rule := range rules {
			if rule["FirewallRuleGroupId"] == id || rule["FirewallDomainListId"] == id {
				return c.errorResponse("ConflictException", "rule %s uses %s", rule["Name"], id)
			}
		}
	}
	delete(f.things, c.region+id)
	delete(f.tags, asString(thing["Arn"]))
	return jsonResponse(map[string]any{kind: thing})
}

func (f *firewalls) updateDomains(c *call, in map[string]any) *response {
	id := asString(in["FirewallDomainListId"])
	thing := f.things[c.region+id]
	if thing == nil {
		return c.errorResponse("ResourceNotFoundException", "there is no list %s", id)
	}
	current, domains := f.domains[c.region+id], asList(in["Domains"])
	switch in["Operation"] {
	case "ADD":
		domains = append(slices.Clone(current), domains...)
	case "REMOVE":
		domains = slices.DeleteFunc(slices.Clone(current), func(domain any) bool { return slices.Contains(domains, domain) })
	}
	f.domains[c.region+id] = domains
	return jsonResponse(map[string]any{"Id": id, "Name": thing["Name"], "Status": "COMPLETE"})
}

// serveRule handles calls for a rule; its key is the group and the list.
func (f *firewalls) serveRule(c *call, in map[string]any) *response {
	group := c.region + asString(in["FirewallRuleGroupId"])
	if f.things[group] == nil {
		return c.errorResponse("ResourceNotFoundException", "there is no rule group %s", in["FirewallRuleGroupId"])
	}
	index := slices.IndexFunc(f.rules[group], func(r map[string]any) bool { return r["FirewallDomainListId"] == in["FirewallDomainListId"] })
	switch {
	case c.operation == "ListFirewallRules":
		return jsonResponse(map[string]any{"FirewallRules": append([]map[string]any{}, f.rules[group]...)})
	case c.operation == "CreateFirewallRule" && index >= 0:
		return c.errorResponse("ConflictException", "the group has a rule for %s", in["FirewallDomainListId"])
	case c.operation == "CreateFirewallRule":
		f.rules[group] = append(f.rules[group], map[string]any{})
		index = len(f.rules[group]) - 1
	case index < 0:
		return c.errorResponse("ResourceNotFoundException", "the group has no rule for %s", in["FirewallDomainListId"])
	}
	rule := f.rules[group][index]
	if c.operation == "DeleteFirewallRule" {
		f.rules[group] = slices.Delete(f.rules[group], index, index+1)
	} else {
		maps.Copy(rule, in)
	}
	return jsonResponse(map[string]any{"FirewallRule": rule})
}

func (f *firewalls) serveTags(c *call, in map[string]any, moto func(*call) *response) *response {
	tags := f.tags[asString(in["ResourceArn"])]
	switch {
	case tags == nil:
		return moto(c)
	case c.operation == "TagResource":
		maps.Copy(tags, tagsOf(in["Tags"]))
	case c.operation == "UntagResource":
		for _, key := range asList(in["TagKeys"]) {
			delete(tags, asString(key))
		}
	}
	return jsonResponse(map[string]any{"Tags": toTags(tags)})
}
