//go:build linux

package terraform_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/internal/registrytest"
	"reconcile/reconciler/terraform"
)

// TestSandboxInit: with the sandbox alone, init reaches the mirror and the registry that the
// operator set, on their ports. On other ports it reaches nothing, and a plan reaches neither.
func TestSandboxInit(t *testing.T) {
	t.Parallel()
	server := registrytest.New(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0") // of the author
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	const provider = "terraform {\n  required_providers {\n    time = { source = %q }\n  }\n}\nresource \"time_static\" \"x\" {\n  rfc3339 = \"2026-11-23T00:00:00Z\"\n}\n"
	for name, c := range map[string]struct {
		config, mirror string
		registries     []string
		says           string // of an error
	}{
		"a mirror":           {fmt.Sprintf(provider, "hashicorp/time"), server.MirrorURL(), nil, ""},
		"a registry":         {fmt.Sprintf(provider, server.Host+"/acme/time"), "", []string{server.Host}, ""},
		"another registry":   {fmt.Sprintf(provider, server.Host+"/acme/time"), "", nil, "permission denied"},
		"a module elsewhere": {fmt.Sprintf("module \"m\" {\n  source = \"http://%s/x.zip\"\n}\n", listener.Addr()), server.MirrorURL(), nil, "permission denied"},
		"a state in a plan":  {fmt.Sprintf("data \"terraform_remote_state\" \"x\" {\n  backend = \"http\"\n  config  = { address = \"%s\" }\n}\n", server.MirrorURL()), server.MirrorURL(), []string{server.Host}, "permission denied"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rc := filepath.Join(t.TempDir(), "terraformrc")
			text := "disable_checkpoint = true\n"
			if c.mirror != "" {
				text += fmt.Sprintf("provider_installation {\n  network_mirror {\n    url = %q\n  }\n}\n", c.mirror)
			}
			if err := os.WriteFile(rc, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			s := newFixture(t, c.config, withSandbox(t), withEnv("TF_CLI_CONFIG_FILE="+rc, "SSL_CERT_FILE="+server.CAFile))
			s.spec.Untrusted, s.spec.ReadOnly, s.spec.Registries = true, true, c.registries
			session := s.open()
			err := session.Init(t.Context())
			var plan *terraform.Plan
			if err == nil {
				plan, err = session.Plan(t.Context())
			}
			switch {
			case c.says == "" && (err != nil || plan.Changes.Add != 1):
				t.Errorf("%+v, %v", plan, err)
			case c.says != "" && (err == nil || !strings.Contains(strings.Join(strings.Fields(err.Error()), " "), c.says)):
				t.Errorf("%v, want %q", err, c.says)
			}
			var step *terraform.StepError
			if c.says != "" && !errors.As(err, &step) {
				t.Errorf("%T", err)
			}
			s.close(session)
		})
	}
}
