package doctor

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"reconcile/cmd/reconcile/internal/config"
	"reconcile/cmd/reconcile/internal/wire"
)

// The clock of the Git server shows whether ours is right.
func TestDoctorClock(t *testing.T) {
	for _, test := range []struct {
		off  time.Duration
		well bool
	}{{0, true}, {time.Minute, true}, {-time.Hour, false}, {time.Hour, false}} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", time.Now().Add(test.off).UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusUnauthorized)
		}))
		deps := wire.New(t.Context(), &config.Settings{Repo: server.URL + "/git/P/r.git"}, slog.New(slog.DiscardHandler))
		if detail, err := New(deps).checkClock(t.Context()); (err == nil) != test.well {
			t.Errorf("off by %s: %q, %v", test.off, detail, err)
		}
		server.Close()
	}
}

// A read-only directory is reported, with its setting.
func TestDoctorWork(t *testing.T) {
	s := &config.Settings{Work: filepath.Join(t.TempDir(), "file", "work")}
	deps := wire.New(t.Context(), s, slog.New(slog.DiscardHandler))
	if err := os.WriteFile(filepath.Dir(s.Work), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if detail, err := New(deps).checkWorkDir(t.Context()); err == nil {
		t.Errorf("all is well with %s", detail)
	}
}
