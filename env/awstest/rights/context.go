package rights

import (
	"strings"
)

// context is what a request is told with: of what the action knows, what the
// call says. Tags that things have already are not told.
func (a *Account) context(action *action, t *resourceType, c Call, s said) map[string][]string {
	told := map[string][]string{}
	for key, values := range contextOf {
		if !action.knows(t, key) {
			continue
		}
		if found := values(a, c, s); len(found) > 0 {
			told[key] = found
		}
	}
	if action.knows(t, "aws:RequestTag/${TagKey}") {
		for tag, value := range s.tags() {
			told["aws:RequestTag/"+tag] = []string{value}
		}
	}
	return told
}

// contextOf are the keys that policies here look at.
var contextOf = map[string]func(*Account, Call, said) []string{
	"elasticfilesystem:Encrypted": func(_ *Account, _ Call, s said) []string { return s.values("Encrypted") },
	"iam:PermissionsBoundary":     (*Account).boundary,
	"iam:PolicyARN":               func(_ *Account, _ Call, s said) []string { return s.values("PolicyArn") },
	"route53:ChangeResourceRecordSetsRecordTypes": func(_ *Account, _ Call, s said) []string {
		return s.values("Type")
	},
	"route53:ChangeResourceRecordSetsNormalizedRecordNames": func(_ *Account, _ Call, s said) (names []string) {
		for _, name := range s.at("ResourceRecordSet", "Name") {
			names = append(names, strings.ToLower(strings.TrimSuffix(name, ".")))
		}
		return names
	},
	"s3:x-amz-server-side-encryption-aws-kms-key-id": func(_ *Account, c Call, _ said) []string {
		return c.Header.Values("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id")
	},
	"s3:x-amz-server-side-encryption": func(_ *Account, c Call, _ said) []string {
		return c.Header.Values("X-Amz-Server-Side-Encryption")
	},
}

// boundary is the one that a role gets, or has.
func (a *Account) boundary(c Call, s said) []string {
	if given := s.values("PermissionsBoundary"); len(given) > 0 {
		return given
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if has := a.bound[s.value("RoleName")]; has != "" {
		return []string{has}
	}
	return nil
}
