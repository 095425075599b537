package rights

import (
	"regexp"
	"slices"
	"strings"
)

var (
	madeOf   = regexp.MustCompile(`<Arn>(arn:aws:iam:[^<]+)</Arn>`)
	boundary = regexp.MustCompile(`<PermissionsBoundaryArn>([^<]+)</PermissionsBoundaryArn>`)
)

// Learn takes in what a call that was answered has changed of what AWS knows.
func (a *Account) Learn(c Call, answer []byte) {
	switch {
	case c.Service == "iam" && slices.Contains([]string{"CreateRole", "CreateServiceLinkedRole", "CreateInstanceProfile"}, c.Operation):
		a.mu.Lock()
		defer a.mu.Unlock()
		for _, m := range madeOf.FindAllSubmatch(answer, -1) {
			arn := string(m[1])
			kind, name, _ := strings.Cut(arn[strings.LastIndex(arn, ":")+1:], "/")
			a.roles[kind+" "+name[strings.LastIndex(name, "/")+1:]] = name
		}
		if m := boundary.FindSubmatch(answer); m != nil && c.Operation == "CreateRole" {
			a.bound[read(c).value("RoleName")] = string(m[1])
		}
	case c.Service == "s3" && c.Method == "PUT" && c.Query.Has("encryption"):
		a.encrypted("arn:aws:s3:::"+strings.Trim(c.Path, "/"), read(c).value("KMSMasterKeyID"))
	case c.Service == "secretsmanager" && c.Operation == "CreateSecret":
		s := read(c)
		a.encrypted(s.value("Name"), s.value("KmsKeyId"))
	}
}

func (a *Account) encrypted(what, key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.keys[what] = key
}

// keyOf is the key that something is encrypted with, or "".
func (a *Account) keyOf(what string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.keys[what]
}

// withPath is a role's name, or an instance profile's, with the path that it
// was made under: calls name them without.
func (a *Account) withPath(kind string, s said) []string {
	name := s.value(map[string]string{"role": "RoleName", "instance-profile": "InstanceProfileName"}[kind])
	if name == "" {
		return nil
	}
	if path := s.value("Path"); path != "" {
		return []string{strings.TrimPrefix(path, "/") + name}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if known := a.roles[kind+" "+name]; known != "" {
		name = known
	}
	return []string{name}
}
