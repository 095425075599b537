package rights

import (
	"slices"
	"strings"
)

// requestContext returns the context keys that AWS sends to IAM with a request: those
// that the action has and the call gives. Tags of existing resources are not included.
func (a *Inventory) requestContext(action *action, t *resourceType, c Call, s params) map[string][]string {
	context := map[string][]string{}
	for key, values := range contextKeys {
		if !action.hasContextKey(t, key) {
			continue
		}
		if found := values(a, c, s); len(found) > 0 {
			context[key] = found
		}
	}
	if action.hasContextKey(t, "aws:RequestTag/${TagKey}") {
		for tag, value := range s.tags() {
			context["aws:RequestTag/"+tag] = []string{value}
		}
	}
	return context
}

// contextKeys are the condition keys that the policies of this repository use.
var contextKeys = map[string]func(*Inventory, Call, params) []string{
	// Of items; the partition key of a record's table is pk.
	"dynamodb:LeadingKeys": func(_ *Inventory, _ Call, s params) []string {
		return slices.Sorted(slices.Values(s.memberValues("pk", "S")))
	},
	"ecs:cluster": func(a *Inventory, c Call, s params) (arns []string) {
		for _, name := range s.values("cluster") {
			arns = append(arns, "arn:aws:ecs:"+c.Region+":"+a.id+":cluster/"+name)
		}
		return arns
	},
	"elasticfilesystem:Encrypted": func(_ *Inventory, _ Call, s params) []string { return s.values("Encrypted") },
	"iam:PermissionsBoundary":     (*Inventory).boundaryOf,
	"iam:PolicyARN":               func(_ *Inventory, _ Call, s params) []string { return s.values("PolicyArn") },
	"route53:ChangeResourceRecordSetsRecordTypes": func(_ *Inventory, _ Call, s params) []string {
		return s.values("Type")
	},
	"route53:ChangeResourceRecordSetsNormalizedRecordNames": func(_ *Inventory, _ Call, s params) (names []string) {
		for _, name := range s.memberValues("ResourceRecordSet", "Name") {
			names = append(names, strings.ToLower(strings.TrimSuffix(name, ".")))
		}
		return names
	},
	"s3:x-amz-server-side-encryption-aws-kms-key-id": func(_ *Inventory, c Call, _ params) []string {
		return c.Header.Values("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id")
	},
	"s3:x-amz-server-side-encryption": func(_ *Inventory, c Call, _ params) []string {
		return c.Header.Values("X-Amz-Server-Side-Encryption")
	},
}

// boundaryOf returns the permissions boundary that the call sets, or that the role has.
func (a *Inventory) boundaryOf(c Call, s params) []string {
	if requested := s.values("PermissionsBoundary"); len(requested) > 0 {
		return requested
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if current := a.boundaries[s.value("RoleName")]; current != "" {
		return []string{current}
	}
	return nil
}
