package sandbox

import (
	"path/filepath"
	"strconv"
)

// Mounts are bubblewrap's options for what is visible of this machine. A later mount
// covers an earlier one.
type Mounts []string

// Mapping shows a file or directory of this machine at a path in the sandbox. An empty
// HostPath shows nothing.
type Mapping struct{ HostPath, SandboxPath string }

// AddReadOnly shows paths read-only at the same place, if they exist.
func (m *Mounts) AddReadOnly(paths ...string) {
	for _, path := range paths {
		m.AddMapping(Mapping{path, path})
	}
}

// AddMapping shows a path read-only, if it exists.
func (m *Mounts) AddMapping(mapping Mapping) {
	if mapping.HostPath != "" {
		*m = append(*m, "--ro-bind-try", mapping.HostPath, mapping.SandboxPath)
	}
}

// AddWritable shows paths at the same place. They must exist.
func (m *Mounts) AddWritable(paths ...string) {
	for _, path := range paths {
		*m = append(*m, "--bind", path, path)
	}
}

// AddCheckout shows a checkout read-only at another place, and some of its directories,
// relative to it, writable.
func (m *Mounts) AddCheckout(checkout Mapping, writable []string) {
	*m = append(*m, "--ro-bind", checkout.HostPath, checkout.SandboxPath)
	for _, dir := range writable {
		*m = append(*m, "--bind", filepath.Join(checkout.HostPath, dir), filepath.Join(checkout.SandboxPath, dir))
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

func (m *Mounts) addSystem() {
	m.AddReadOnly(systemPaths...)
	*m = append(*m, "--proc", "/proc", "--dev", "/dev")
	m.addMemory("/dev/shm", maxShared)
	*m = append(*m, "--remount-ro", "/dev", "--remount-ro", "/proc") // the root of this machine owns, and could write, the settings of the kernel
}

// Limits of what is written into memory, in bytes. Terraform unpacks a provider in Temp.
const (
	maxTemp   = 2 << 30
	maxShared = 64 << 20
)

// addMemory makes an empty directory of at most size bytes, which ends with the sandbox.
func (m *Mounts) addMemory(path string, size int) {
	*m = append(*m, "--size", strconv.Itoa(size), "--tmpfs", path)
}

// Home is the home directory in the sandbox. It is empty.
const Home = "/home/preview"

// Temp is the directory for temporary files in the sandbox. It is in memory.
const Temp = "/tmp"
