package terraform

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// mounts are bubblewrap's options for what is visible of this machine.
type mounts []string

func (m *mounts) addReadOnly(paths ...string) {
	for _, path := range paths {
		m.addMapping(pathMapping{path, path})
	}
}

// addMapping shows a path read-only, if it exists.
func (m *mounts) addMapping(mapping pathMapping) {
	if mapping.hostPath != "" {
		*m = append(*m, "--ro-bind-try", mapping.hostPath, mapping.sandboxPath)
	}
}

func (m *mounts) addWritable(paths ...string) {
	for _, path := range paths {
		*m = append(*m, "--bind", path, path)
	}
}

// systemPaths are what programs need of the system: libraries, certificates and name
// resolution. Keys and passwords in /etc are not included.
var systemPaths = []string{
	"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store",
	"/etc/ssl/certs", "/etc/ssl/cert.pem", "/etc/ca-certificates",
	"/etc/pki/tls/certs", "/etc/pki/tls/cert.pem", "/etc/pki/ca-trust",
	"/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/hosts", "/etc/host.conf", "/etc/gai.conf",
	"/etc/services", "/etc/protocols", "/etc/localtime", "/etc/ld.so.cache",
}

func (m *mounts) addSystem() {
	m.addReadOnly(systemPaths...)
	*m = append(*m, "--proc", "/proc", "--dev", "/dev")
}

// sandboxHome is an empty home directory.
const sandboxHome = "/home/preview"

// isSandboxed reports whether the session's commands run in the sandbox.
func (s *Session) isSandboxed() bool { return s.spec.Untrusted && s.tf.opts.Sandbox != nil }

// newSandboxCmd prepares a run of the program in the sandbox.
func (s *Session) newSandboxCmd(c command, env map[string]string) (*exec.Cmd, error) {
	temp := filepath.Join(s.tempDir, "tmp")
	if err := os.MkdirAll(temp, 0o700); err != nil {
		return nil, err
	}
	program, err := filepath.EvalSymlinks(s.tf.binary)
	if err != nil {
		return nil, err
	}
	cli := s.readCLIConfig(env)
	args := mounts(isolationOptions(!s.isOffline(c)))
	args.addSystem()
	args = append(args, "--bind", temp, "/tmp", "--dir", sandboxHome)
	args.addReadOnly(program, s.stateCopy)
	args.addMapping(pathMapping{s.stateCopy, s.spec.LocalState})
	args.addReadOnly(string(s.tf.providers()), filepath.Join(s.workDir(), "providers"))
	for _, mirror := range cli.mirrors {
		args.addMapping(mirror)
	}
	for _, name := range []string{"SSL_CERT_FILE", "SSL_CERT_DIR", "AWS_CA_BUNDLE"} {
		args.addReadOnly(env[name])
	}
	args = append(args, s.checkoutMounts()...)
	args.addReadOnly(s.dataDir)
	args.addReadOnly(c.readPaths...)
	args.addWritable(c.writePaths...)
	if c.installs {
		args.addMapping(cli.file)
	} else {
		delete(env, "TF_CLI_CONFIG_FILE")
	}
	env["HOME"], env["TMPDIR"] = sandboxHome, "/tmp"
	args = append(args, "--remount-ro", "/", "--chdir", s.sandboxDir(), "--", program)
	cmd := s.tf.newExecCmd(s.spec.Dir, env, append(args, c.args...))
	s.tf.opts.Sandbox.wrapCommand(cmd, append(portsOf(env), cli.ports...))
	return cmd, nil
}

// checkoutMounts shows the checkout, twice if it has another path in the sandbox, since
// arguments name files at the original path. Directories of other workspaces are
// read-only, since reconcile itself works there.
func (s *Session) checkoutMounts() (m mounts) {
	writable := append([]string{s.relDir()}, s.spec.WritableDirs...)
	for _, target := range []string{s.spec.Root, s.spec.SandboxRoot} {
		if target == "" {
			continue
		}
		m = append(m, "--ro-bind", s.spec.Root, target)
		for _, dir := range writable {
			m = append(m, "--bind", filepath.Join(s.spec.Root, dir), filepath.Join(target, dir))
		}
	}
	return m
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
