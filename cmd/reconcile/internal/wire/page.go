package wire

import (
	"strings"

	"reconcile/cmd/reconcile/internal/config"
	"reconcile/cmd/reconcile/internal/page"
	"reconcile/cmd/reconcile/internal/page/target"
)

// PageSite returns what pages of the record are made from.
func (d *Deps) PageSite() *page.Site {
	s := d.Settings
	return &page.Site{
		Record: d.Record, Config: d.RunConfig(nil), Logs: d.Snapshots,
		Repo: d.Source.URL(), Branch: s.Branch, Environment: s.Environment, CanComment: s.Approvers != "" && s.UsesBacklog(),
	}
}

// OpenPage returns what writes the pages of --page; nil without that setting. Pages show logs,
// which are stored with the snapshots.
func (d *Deps) OpenPage() (*page.Publisher, error) {
	if d.Settings.Page == "" {
		return nil, nil
	}
	if err := d.Settings.RequireSnapshots(); err != nil {
		return nil, err
	}
	writer := &page.Writer{Target: target.Dir(d.Settings.Page), Dir: page.DirOf(d.Record.Name())}
	if location, isBucket := strings.CutPrefix(d.Settings.Page, config.SchemeS3); isBucket {
		cfg, err := d.AWS()
		if err != nil {
			return nil, err
		}
		writer.Target = target.NewBucket(location, cfg)
	}
	site := d.PageSite()
	site.HasRoot = true
	return page.NewPublisher(site, writer, d.log), nil
}
