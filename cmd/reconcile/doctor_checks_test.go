package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"
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
		a, _, _ := newTestApp(t, server.URL+"/git/P/r.git")
		if detail, err := newDoctor(a).checkClock(t.Context()); (err == nil) != test.well {
			t.Errorf("off by %s: %q, %v", test.off, detail, err)
		}
		server.Close()
	}
}

// A read-only directory is reported, with its setting.
func TestDoctorWork(t *testing.T) {
	a, _, _ := newTestApp(t, "/")
	a.settings.Work = filepath.Join(t.TempDir(), "file", "work")
	if err := os.WriteFile(filepath.Dir(a.settings.Work), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if detail, err := newDoctor(a).checkWorkDir(t.Context()); err == nil {
		t.Errorf("all is well with %s", detail)
	}
}
