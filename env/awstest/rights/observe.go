package rights

import (
	"regexp"
	"slices"
	"strings"
)

var (
	createdARN  = regexp.MustCompile(`<Arn>(arn:aws:iam:[^<]+)</Arn>`)
	boundaryARN = regexp.MustCompile(`<PermissionsBoundaryArn>([^<]+)</PermissionsBoundaryArn>`)
)

// Observe updates the inventory by a successful call and its response.
func (a *Inventory) Observe(c Call, answer []byte) {
	switch {
	case c.Service == "iam" && slices.Contains([]string{"CreateRole", "CreateServiceLinkedRole", "CreateInstanceProfile"}, c.Operation):
		a.mu.Lock()
		defer a.mu.Unlock()
		for _, m := range createdARN.FindAllSubmatch(answer, -1) {
			arn := string(m[1])
			kind, name, _ := strings.Cut(arn[strings.LastIndex(arn, ":")+1:], "/")
			a.roles[kind+" "+name[strings.LastIndex(name, "/")+1:]] = name
		}
		if c.Operation == "CreateServiceLinkedRole" {
			a.linked[parseParams(c).value("AWSServiceName")] = true
		}
		if m := boundaryARN.FindSubmatch(answer); m != nil && c.Operation == "CreateRole" {
			a.boundaries[parseParams(c).value("RoleName")] = string(m[1])
		}
	case c.Service == "s3" && c.Method == "PUT" && c.Query.Has("encryption"):
		a.setKey("arn:aws:s3:::"+strings.Trim(c.Path, "/"), parseParams(c).value("KMSMasterKeyID"))
	case c.Service == "secretsmanager" && c.Operation == "CreateSecret":
		s := parseParams(c)
		a.setKey(s.value("Name"), s.value("KmsKeyId"))
	}
}

func (a *Inventory) setKey(resource, key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.keys[resource] = key
}

// keyOf returns the KMS key that a resource is encrypted with, or "".
func (a *Inventory) keyOf(resource string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.keys[resource]
}

// nameWithPath returns the name of a role or instance profile with its path. Calls use
// the name without the path.
func (a *Inventory) nameWithPath(kind string, s params) []string {
	name := s.value(map[string]string{"role": "RoleName", "instance-profile": "InstanceProfileName"}[kind])
	if name == "" {
		return nil
	}
	if path := s.value("Path"); path != "" {
		return []string{strings.TrimPrefix(path, "/") + name}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if fullName := a.roles[kind+" "+name]; fullName != "" {
		name = fullName
	}
	return []string{name}
}
