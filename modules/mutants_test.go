package modules_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/modules/tftest"
)

// TestMutants makes one serious mistake at a time in a module (an outage or a security
// hole) and expects the module's tests to fail. Otherwise they would not notice it in a
// pull request either.
func TestMutants(t *testing.T) {
	for _, m := range []struct{ name, module, old, replacement string }{
		{"a route is removed", "vpc_routetable", "    table = table\n  }) }]...)", "    table = table\n  }) if name != \"inside\" }]...)"},
		{"weights are swapped", "accelerator_endpoint", "= endpoint_configuration.value.weight", "= 255 - endpoint_configuration.value.weight"},
		{"dials are swapped", "accelerator_endpoint", "= each.value.dial\n", "= 100 - each.value.dial\n"},
		{"a dial is lowered first", "accelerator_shares", "max(var.progress * 2 - 100, 0)", "min(var.progress * 2, 100)"},
		{"a tag is dropped", "vpc_routetable", "tags = merge(var.tags, {", "tags = merge({"},
		{"return ports are closed", "vpc_acl", `"1024-65535"`, `"32768-60999"`},
		{"old TLS is accepted", "elb", "ELBSecurityPolicy-TLS13-1-2-Res-2021-06", "ELBSecurityPolicy-2016-08"},
		{"a database accepts plain text", "rds", `"rds.force_ssl"`, `"rds.log_retention_period"`},
		{"servers give out credentials without a token", "launch_template", `= "required"`, `= "optional"`},
		{"a bucket accepts public policies", "s3", "block_public_policy     = true", "block_public_policy     = false"},
		{"a key is never rotated", "kms", "enable_key_rotation     = true", "enable_key_rotation     = false"},
		{"a role has no boundary", "iam", "permissions_boundary = var.permissions_boundary", "permissions_boundary = null"},
		{"the record can be deleted", "reconciler", "deletion_protection_enabled = true", "deletion_protection_enabled = false"},
		{"states are sent without TLS", "state_backend", `"aws:SecureTransport" = "false"`, `"aws:SecureTransport" = "never"`},
	} {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(m.module, "main.tf")
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(source), m.old) {
				t.Fatalf("%s has no %s", file, m.old)
			}
			tf := tftest.New(t, map[string]string{"modules": "."})
			tf.Write(t, filepath.Join("modules", file), strings.Replace(string(source), m.old, m.replacement, 1))
			dir := filepath.Join("modules", m.module)
			tf.Run(t, dir, "get")
			out, err := tf.Try(t, dir, "test")
			var failed *exec.ExitError
			switch {
			case err == nil:
				t.Errorf("no test failed:\n%s", out)
			case !errors.As(err, &failed) || !strings.Contains(string(out), "Test assertion failed"):
				t.Errorf("failed, but not by an assertion: %v\n%s", err, out)
			}
		})
	}
}
