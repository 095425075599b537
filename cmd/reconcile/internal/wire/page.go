package wire

import (
	"strings"

	"reconcile/cmd/reconcile/internal/config"
	"reconcile/cmd/reconcile/internal/page"
	"reconcile/cmd/reconcile/internal/page/target"
)

// PageSite returns what pages of the record are made from.
func (p *Deps) PageSite() *page.Site {
	s := p.Settings
	return &page.Site{
		Record: p.Record, Config: p.RunConfig(nil), Logs: p.Snapshots,
		Repo: p.Source.URL(), Branch: s.Branch, Environment: s.Environment, CanComment: s.Approvers != "" && s.UsesBacklog(),
	}
}

// OpenPage returns what writes the pages of --page; nil without that setting. Pages show logs,
// which are stored with the snapshots.
func (p *Deps) OpenPage() (*page.Publisher, error) {
	if p.Settings.Page == "" {
		return nil, nil
	}
	if err := p.Settings.RequireSnapshots(); err != nil {
		return nil, err
	}
	writer := &page.Writer{Target: target.Dir(p.Settings.Page), Dir: page.DirOf(p.Record.Name())}
	if location, isBucket := strings.CutPrefix(p.Settings.Page, config.SchemeS3); isBucket {
		cfg, err := p.AWS()
		if err != nil {
			return nil, err
		}
		writer.Target = target.NewBucket(location, cfg)
	}
	site := p.PageSite()
	site.HasRoot = true
	return page.NewPublisher(site, writer, p.log), nil
}
