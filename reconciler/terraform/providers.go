package terraform

import (
	"context"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// install runs init with the provider cache that all workspaces share.
func (s *Session) install(ctx context.Context, kept kept) error {
	cache := filepath.Join(s.t.opts.Work, "providers")
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return s.failed("init", nil, err)
	}
	lock := flock.New(filepath.Join(s.t.opts.Work, "providers.lock"))
	if err := lock.Lock(); err != nil {
		return s.failed("init", nil, err)
	}
	defer lock.Close()
	return s.runInit(ctx, map[string]string{"TF_PLUGIN_CACHE_DIR": cache})
}
