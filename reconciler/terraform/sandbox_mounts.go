package terraform

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// mounts are options of bubblewrap that say what of this machine is seen.
type mounts []string

func (m *mounts) read(paths ...string) {
	for _, path := range paths {
		m.show(shown{path, path})
	}
}

// show shows what is there, to be read; nothing, where there is nothing.
func (m *mounts) show(what shown) {
	if what.path != "" {
		*m = append(*m, "--ro-bind-try", what.path, what.seen)
	}
}

func (m *mounts) write(paths ...string) {
	for _, path := range paths {
		*m = append(*m, "--bind", path, path)
	}
}

// systemPaths are what programs need of a system: libraries, certificates, and
// where names are resolved. Keys and passwords, which lie beside these in
// /etc, are not among them.
var systemPaths = []string{
	"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store",
	"/etc/ssl/certs", "/etc/ssl/cert.pem", "/etc/ca-certificates",
	"/etc/pki/tls/certs", "/etc/pki/tls/cert.pem", "/etc/pki/ca-trust",
	"/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/hosts", "/etc/host.conf", "/etc/gai.conf",
	"/etc/services", "/etc/protocols", "/etc/localtime", "/etc/ld.so.cache",
}

func (m *mounts) system() {
	m.read(systemPaths...)
	*m = append(*m, "--proc", "/proc", "--dev", "/dev")
}

// sandboxHome is an empty home directory.
const sandboxHome = "/home/preview"

// confined tells whether the session's commands run in the sandbox.
func (s *Session) confined() bool { return s.job.Untrusted && s.t.opts.Sandbox != nil }

// confine is a run of the program in the sandbox.
func (s *Session) confine(c command, env map[string]string) (*exec.Cmd, error) {
	temp := filepath.Join(s.temp, "tmp")
	if err := os.MkdirAll(temp, 0o700); err != nil {
		return nil, err
	}
	program, err := filepath.EvalSymlinks(s.t.binary)
	if err != nil {
		return nil, err
	}
	cli := s.cliConfig(env)
	args := mounts(isolated(!s.offline(c)))
	args.system()
	args = append(args, "--bind", temp, "/tmp", "--dir", sandboxHome)
	args.read(program, s.copied)
	args.show(shown{s.copied, s.job.LocalState})
	args.read(string(s.t.providers()), filepath.Join(s.work(), "providers"))
	for _, mirror := range cli.mirrors {
		args.show(mirror)
	}
	for _, name := range []string{"SSL_CERT_FILE", "SSL_CERT_DIR", "AWS_CA_BUNDLE"} {
		args.read(env[name])
	}
	args = append(args, s.checkout()...)
	args.read(s.dataDir)
	args.read(c.reads...)
	args.write(c.writes...)
	if c.installs {
		args.show(cli.file)
	} else {
		delete(env, "TF_CLI_CONFIG_FILE")
	}
	env["HOME"], env["TMPDIR"] = sandboxHome, "/tmp"
	args = append(args, "--remount-ro", "/", "--chdir", s.seenDir(), "--", program)
	cmd := s.t.command(s.job.Dir, env, append(args, c.args...))
	s.t.opts.Sandbox.enter(cmd, append(portsOf(env), cli.ports...))
	return cmd, nil
}

// checkout shows the tree, twice where it has another place in the sandbox:
// what terraform-exec hands over names files at the first. Of the directories
// of other workspaces none may be written, since we work there ourselves.
func (s *Session) checkout() (m mounts) {
	writable := append([]string{s.belowRoot()}, s.job.Modules...)
	for _, at := range []string{s.job.Root, s.job.At} {
		if at == "" {
			continue
		}
		m = append(m, "--ro-bind", s.job.Root, at)
		for _, dir := range writable {
			m = append(m, "--bind", filepath.Join(s.job.Root, dir), filepath.Join(at, dir))
		}
	}
	return m
}

// seenDir is the workspace's directory as the code sees it.
func (s *Session) seenDir() string {
	if s.job.At == "" {
		return s.job.Dir
	}
	return filepath.Join(s.job.At, s.belowRoot())
}

// belowRoot is the workspace's directory in the tree.
func (s *Session) belowRoot() string {
	return strings.TrimPrefix(strings.TrimPrefix(s.job.Dir, s.job.Root), string(filepath.Separator))
}

// talksToNobody are providers that only compute.
var talksToNobody = []string{"hashicorp/archive", "hashicorp/null", "hashicorp/random", "hashicorp/time"}

// offline tells whether a command needs no network.
func (s *Session) offline(c command) bool {
	if c.installs || !s.job.Offline {
		return false
	}
	installed, err := s.installed()
	if err != nil {
		return false
	}
	for _, address := range installed {
		_, name, _ := strings.Cut(address, "/") // without the host
		if !slices.Contains(talksToNobody, name) {
			return false
		}
	}
	return true
}
