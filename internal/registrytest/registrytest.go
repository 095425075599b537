// Package registrytest serves the time provider and a module on the loopback interface: as a
// registry does, with signatures, and as a network mirror. It records what is asked for.
package registrytest

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"

	"reconcile/internal/testtier"
)

// Version is the version of the provider and of the module.
const Version = "0.14.2"

// moduleConfig is the content of the module.
const moduleConfig = "output \"o\" {\n  value = \"from a registry\"\n}\n"

// Server is a registry, and a network mirror below /mirror/. Redirects, if set, is the
// address that it names for packages and modules.
type Server struct {
	Host      string // 127.0.0.1:PORT, as sources name it
	CAFile    string // the certificate to trust, for SSL_CERT_FILE
	Redirects string

	server   *httptest.Server
	packaged []byte
	key      *openpgp.Entity
	mu       sync.Mutex
	asked    []string
}

// New starts a server, which ends with the test.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{packaged: zipProvider(t)}
	var err error
	if s.key, err = openpgp.NewEntity("registry", "", "registry@example.com", nil); err != nil {
		t.Fatal(err)
	}
	s.server = httptest.NewTLSServer(s)
	t.Cleanup(s.server.Close)
	s.Host = s.server.Listener.Addr().String()
	s.CAFile = filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.server.Certificate().Raw})
	if err := os.WriteFile(s.CAFile, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// MirrorURL returns the address of the network mirror.
func (s *Server) MirrorURL() string { return "https://" + s.Host + "/mirror/" }

// Asked returns the paths that were asked for, sorted.
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Compact(slices.Sorted(slices.Values(s.asked)))
}

func (s *Server) archiveName() string {
	return fmt.Sprintf("terraform-provider-time_%s_%s_%s.zip", Version, runtime.GOOS, runtime.GOARCH)
}

// ServeHTTP answers as the documents of the registry protocols say.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.URL.Path)
	s.mu.Unlock()
	files := "https://" + s.Host
	if s.Redirects != "" {
		files = s.Redirects
	}
	sum := sha256.Sum256(s.packaged)
	sums := fmt.Sprintf("%s  %s\n", hex.EncodeToString(sum[:]), s.archiveName())
	switch p := r.URL.Path; {
	case p == "/.well-known/terraform.json":
		writeJSON(w, map[string]string{"providers.v1": "/v1/providers/", "modules.v1": "/v1/modules/"})
	case strings.HasPrefix(p, "/v1/providers/") && strings.HasSuffix(p, "/versions"):
		writeJSON(w, map[string]any{"versions": []any{map[string]any{
			"version": Version, "protocols": []string{"5.0"}, "platforms": []any{map[string]string{"os": runtime.GOOS, "arch": runtime.GOARCH}},
		}}})
	case strings.HasPrefix(p, "/v1/providers/"):
		writeJSON(w, map[string]any{
			"protocols": []string{"5.0"}, "os": runtime.GOOS, "arch": runtime.GOARCH, "filename": s.archiveName(), "shasum": hex.EncodeToString(sum[:]),
			"download_url": files + "/files/" + s.archiveName(), "shasums_url": "/files/SHA256SUMS", "shasums_signature_url": "/files/SHA256SUMS.sig",
			"signing_keys": map[string]any{"gpg_public_keys": []any{map[string]string{"key_id": fmt.Sprintf("%X", s.key.PrimaryKey.KeyId), "ascii_armor": s.armoredKey()}}},
		})
	case strings.HasPrefix(p, "/v1/modules/") && strings.HasSuffix(p, "/versions"):
		writeJSON(w, map[string]any{"modules": []any{map[string]any{"versions": []any{map[string]string{"version": Version}}}}})
	case strings.HasPrefix(p, "/v1/modules/"):
		w.Header().Set("X-Terraform-Get", files+"/files/module.zip")
		w.WriteHeader(http.StatusNoContent)
	case strings.HasPrefix(p, "/mirror/") && strings.HasSuffix(p, "/index.json"):
		writeJSON(w, map[string]any{"versions": map[string]any{Version: map[string]any{}}})
	case strings.HasPrefix(p, "/mirror/"):
		writeJSON(w, map[string]any{"archives": map[string]any{runtime.GOOS + "_" + runtime.GOARCH: map[string]string{"url": "/files/" + s.archiveName()}}})
	case p == "/files/SHA256SUMS":
		_, _ = w.Write([]byte(sums))
	case p == "/files/SHA256SUMS.sig":
		_ = openpgp.DetachSign(w, s.key, strings.NewReader(sums), nil)
	case p == "/files/module.zip":
		_, _ = w.Write(zipFile("main.tf", []byte(moduleConfig), 0o644))
	case strings.HasPrefix(p, "/files/"):
		_, _ = w.Write(s.packaged)
	default:
		http.NotFound(w, r)
	}
}

func writeJSON(w http.ResponseWriter, document any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(document)
}

func (s *Server) armoredKey() string {
	var text bytes.Buffer
	w, err := armor.Encode(&text, openpgp.PublicKeyType, nil)
	if err == nil {
		_ = s.key.Serialize(w)
		_ = w.Close()
	}
	return text.String()
}

// zipProvider packs the time provider as a registry does.
func zipProvider(t testing.TB) []byte {
	t.Helper()
	platform := runtime.GOOS + "_" + runtime.GOARCH
	found, err := filepath.Glob(filepath.Join(testtier.CacheFile(t, "mirror", "mirror"), "registry.terraform.io", "hashicorp", "time", Version, platform, "*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("the time provider %s is needed: run `make tools` (%v)", Version, err)
	}
	program, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return zipFile(filepath.Base(found[0]), program, 0o755)
}

func zipFile(name string, content []byte, mode os.FileMode) []byte {
	var archive bytes.Buffer
	zipped := zip.NewWriter(&archive)
	header := &zip.FileHeader{Name: name, Method: zip.Store}
	header.SetMode(mode)
	entry, err := zipped.CreateHeader(header)
	if err == nil {
		_, _ = entry.Write(content)
		_ = zipped.Close()
	}
	return archive.Bytes()
}
