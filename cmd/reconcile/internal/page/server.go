package page

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"reconcile/cmd/reconcile/internal/page/target"
	"reconcile/reconciler/notify/catalog"
)

// Server shows the pages of a record as they are now. It only reads, and answers only GET
// and HEAD.
type Server struct {
	site  *Site
	hosts []string
	log   *slog.Logger

	mu      sync.Mutex
	files   map[string]file // of the record when it was last read
	headRev int64           // of that record
	readAt  time.Time
}

// How a server reads the record.
const (
	maxServedAge = 2 * time.Second // the record is not read more often while its head is the same
	serveTime    = 20 * time.Second
)

// servedPolicy is policy as a header, which may also say that no other page shows this one
// in a frame.
const servedPolicy = policy + "; frame-ancestors 'none'"

// NewServer returns a server for a record. It answers requests to localhost, to addresses,
// and to the named hosts: a page from elsewhere could let its own name lead here, and read
// the answers.
func NewServer(site *Site, hosts []string, log *slog.Logger) *Server {
	return &Server{site: site, hosts: hosts, log: log}
}

// dir returns the path that the pages are below. It is the same as below a target, so that
// links in notices can lead to a server, too.
func (s *Server) dir() string { return "/" + DirOf(s.site.Record.Name()) + "/" }

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for name, value := range map[string]string{
		"Content-Security-Policy": servedPolicy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": target.CacheControl(""),
	} {
		w.Header().Set(name, value)
	}
	name, isOurs := strings.CutPrefix(r.URL.Path, s.dir())
	switch {
	case !s.isOurHost(r.Host):
		s.refuse(w, r, http.StatusMisdirectedRequest, "page.serve.host")
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		s.refuse(w, r, http.StatusMethodNotAllowed, "page.serve.method")
	case r.URL.Path == "/":
		http.Redirect(w, r, s.dir(), http.StatusFound)
	case !isOurs:
		s.refuse(w, r, http.StatusNotFound, "page.serve.unknown")
	default:
		if name == "" || strings.HasSuffix(name, "/") {
			name += overviewFile
		}
		s.show(w, r, name)
	}
}

func (s *Server) show(w http.ResponseWriter, r *http.Request, name string) {
	content, found, err := s.make(r.Context(), name)
	switch {
	case err != nil:
		s.log.WarnContext(r.Context(), "the page could not be made", "path", r.URL.Path, "error", err)
		s.refuse(w, r, http.StatusServiceUnavailable, "page.serve.failed")
	case !found:
		s.refuse(w, r, http.StatusNotFound, "page.serve.unknown")
	default:
		w.Header().Set("Content-Type", target.ContentType(name))
		w.Header().Set("Cache-Control", target.CacheControl(name))
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		if r.Method == http.MethodGet {
			_, _ = w.Write(content) // an error means that the reader has gone
		}
	}
}

// make returns the content of a file. It reports whether there is one.
func (s *Server) make(ctx context.Context, name string) (content []byte, found bool, err error) {
	if _, assets := assetFiles(); assets[name] != nil {
		return assets[name], true, nil
	}
	ctx, cancel := context.WithTimeout(ctx, serveTime)
	defer cancel()
	files, err := s.read(ctx)
	f, found := files[name]
	if err != nil || !found {
		return nil, false, err
	}
	content, err = f.render(ctx)
	return content, true, err
}

// read returns the files of the record. Requests at the same time wait for one read.
func (s *Server) read(ctx context.Context) (map[string]file, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.files != nil && time.Since(s.readAt) < maxServedAge {
		if head, err := s.site.Record.Head(ctx); err != nil || head.Rev == s.headRev {
			return s.files, err
		}
	}
	m, err := s.site.Read(ctx)
	if err != nil {
		return nil, err
	}
	list, err := m.files(allFiles)
	if err != nil {
		return nil, err
	}
	files := make(map[string]file, len(list))
	for _, f := range list {
		files[f.name] = f
	}
	s.files, s.headRev, s.readAt = files, m.HeadRev, time.Now()
	return files, nil
}

// refuse answers with a sentence, in Japanese below ja/.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, status int, key string) {
	language := catalog.Languages()[0]
	if strings.HasPrefix(r.URL.Path, s.dir()+"ja/") {
		language = "ja"
	}
	t, err := loadText(language)
	if err != nil {
		s.log.WarnContext(r.Context(), "texts could not be read", "error", err)
	}
	http.Error(w, t.message(key), status)
}

// isOurHost reports whether a request was meant for this server.
func (s *Server) isOurHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	return host == "localhost" || net.ParseIP(host) != nil || slices.Contains(s.hosts, host)
}
