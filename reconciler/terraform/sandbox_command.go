package terraform

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"reconcile/reconciler/terraform/sandbox"
)

// isSandboxed reports whether the session's commands run in the sandbox.
func (s *Session) isSandboxed() bool { return s.spec.Untrusted && s.tf.opts.Sandbox != nil }

// newSandboxCmd prepares a run of the program in the sandbox.
func (s *Session) newSandboxCmd(c command, env map[string]string) (*exec.Cmd, error) {
	program, err := filepath.EvalSymlinks(s.tf.binary)
	if err != nil {
		return nil, err
	}
	cli := sandbox.ReadCLIConfig(s.tf.product, env)
	var m sandbox.Mounts
	m.AddReadOnly(program, s.stateCopy)
	m.AddMapping(sandbox.Mapping{HostPath: s.stateCopy, SandboxPath: s.spec.LocalState})
	m.AddReadOnly(string(s.tf.providers()), filepath.Join(s.workDir(), "providers"))
	for _, mirror := range cli.Mirrors {
		m.AddMapping(mirror)
	}
	for _, name := range []string{"SSL_CERT_FILE", "SSL_CERT_DIR", "AWS_CA_BUNDLE"} {
		m.AddReadOnly(env[name])
	}
	s.addCheckout(&m)
	m.AddReadOnly(s.dataDir)
	if !s.isDefaultCLIWorkspace() && s.spec.LocalState != "" {
		m.AddReadOnly(initCacheDir(filepath.Dir(s.dataDir)).statesDir())
	}
	m.AddReadOnly(c.readPaths...)
	m.AddWritable(c.writePaths...)
	ports := sandbox.PortsOf(env)
	if c.installs {
		m.AddMapping(cli.File)
		ports = slices.Concat(ports, cli.Ports, sandbox.PortsOfRegistries(s.spec.Registries))
	} else {
		delete(env, "TF_CLI_CONFIG_FILE")
	}
	env["HOME"], env["TMPDIR"] = sandbox.Home, sandbox.Temp
	cmd := s.tf.newExecCmd(s.spec.Dir, env, c.args)
	cmd.Path = program
	s.tf.opts.Sandbox.Confine(cmd, sandbox.View{
		Dir: s.sandboxDir(), Mounts: m,
		Network: !s.isOffline(c), Ports: ports,
	})
	return cmd, nil
}

// addCheckout shows the checkout, twice if it has another path in the sandbox, since
// arguments name files at the original path. Directories of other workspaces are
// read-only, since reconcile itself works there.
func (s *Session) addCheckout(m *sandbox.Mounts) {
	writable := append([]string{s.relDir()}, s.spec.WritableDirs...)
	for _, target := range []string{s.spec.Root, s.spec.SandboxRoot} {
		if target != "" {
			m.AddCheckout(sandbox.Mapping{HostPath: s.spec.Root, SandboxPath: target}, writable)
		}
	}
}

// sandboxDir returns the workspace's directory as the code in the sandbox sees it.
func (s *Session) sandboxDir() string {
	if s.spec.SandboxRoot == "" {
		return s.spec.Dir
	}
	return filepath.Join(s.spec.SandboxRoot, s.relDir())
}

// relDir returns the workspace's directory relative to the checkout.
func (s *Session) relDir() string {
	return strings.TrimPrefix(strings.TrimPrefix(s.spec.Dir, s.spec.Root), string(filepath.Separator))
}

// offlineProviders lists providers that only compute and need no network.
var offlineProviders = []string{"hashicorp/archive", "hashicorp/null", "hashicorp/random", "hashicorp/time"}

// isOffline reports whether a command needs no network.
func (s *Session) isOffline(c command) bool {
	if c.installs || !s.spec.Offline {
		return false
	}
	providers, err := s.installedProviders()
	if err != nil {
		return false
	}
	for _, address := range providers {
		_, name, _ := strings.Cut(address, "/") // without the host
		if !slices.Contains(offlineProviders, name) {
			return false
		}
	}
	return true
}
