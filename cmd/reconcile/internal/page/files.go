package page

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"github.com/a-h/templ"

	"reconcile/reconciler/notify/catalog"
	"reconcile/state"
)

// file is one file of a page, below the directory of its record.
type file struct {
	name string
	// key returns a text that changes when the content does; "" for a file that always changes.
	key func() string
	// stage orders writes: a file links only to files of lower stages.
	stage  int
	render func(ctx context.Context) ([]byte, error)
}

// Stages of writes.
const (
	stageAssets = iota
	stageRuns
	stageWorkspaces
	stageGraph
	stageOverview
	stageIndex
	stages
)

// indexFile describes a record for the page above it.
const indexFile = "index.json"

// layoutVersion is part of every key: it changes with what templates write.
const layoutVersion = "2"

// fileScope says which files of a model are written.
type fileScope bool

const (
	allFiles  fileScope = false
	liveFiles fileScope = true // those that change while a run works
)

// files returns the files of a model.
func (m *Model) files(scope fileScope) ([]file, error) {
	m.index() // before several write at once
	names, contents := assetFiles()
	var list []file
	for name, content := range contents {
		list = append(list, file{name: name, key: constant(name), stage: stageAssets, render: func(context.Context) ([]byte, error) { return content, nil }})
	}
	for _, language := range catalog.Languages() {
		t, err := loadText(language)
		if err != nil {
			return nil, err
		}
		list = append(list, m.filesIn(document{text: t, model: m, assets: names}, scope)...)
	}
	list = append(list,
		file{name: overviewFile, key: constant("chooser " + names.style), stage: stageIndex, render: func(ctx context.Context) ([]byte, error) {
			return render(ctx, chooserPage(m.Site.Record.Name(), names, "/"+overviewFile))
		}},
		file{name: indexFile, key: constant(""), stage: stageIndex, render: func(context.Context) ([]byte, error) {
			return json.MarshalIndent(m.summary(), "", "  ")
		}})
	return list, nil
}

func (m *Model) filesIn(s document, scope fileScope) []file {
	overview := s.forPage(overviewFile, s.recordTitle()+" · reconcile")
	list := []file{overview.file(constant(""), stageOverview, func(context.Context) (templ.Component, error) { return overviewPage(overview), nil })}
	if scope == liveFiles {
		return list
	}
	for _, r := range m.Runs {
		run := s.forPage(runPath(r.ID), s.message("page.run", "run", string(r.ID)))
		list = append(list, run.file(constant("run "+string(r.ID)), stageRuns, func(ctx context.Context) (templ.Component, error) {
			v, err := m.readRun(ctx, r)
			return runPage(run, v), err
		}))
	}
	for _, w := range m.Status.Workspaces {
		one := s.forPage(WorkspacePath(w.Name), line(w.Name)+" · "+s.recordTitle())
		key := func() string {
			view := m.workspaceView(w)
			return keyOf(string(view.plan.run), workspacePage(one, view))
		}
		list = append(list, one.file(key, stageWorkspaces, func(ctx context.Context) (templ.Component, error) {
			view := m.workspaceView(w)
			err := m.Site.readPlan(ctx, &view.plan, w.Name)
			view.plan.skipInit()
			return workspacePage(one, view), err
		}))
	}
	for path, view := range m.graphViews() {
		graph := s.forPage(path, s.message("page.graph")+" · "+s.recordTitle())
		list = append(list, graph.file(func() string { return keyOf("", graphPage(graph, view)) }, stageGraph, func(context.Context) (templ.Component, error) {
			return graphPage(graph, view), nil
		}))
	}
	return list
}

// forPage returns the document of a page.
func (s document) forPage(path, title string) document {
	s.path, s.title = path, title
	return s
}

// file returns the file of a page. An empty key stands for a page that always changes.
func (s document) file(key func() string, stage int, view func(ctx context.Context) (templ.Component, error)) file {
	versioned := func() string {
		if one := key(); one != "" {
			return one + " " + layoutVersion + s.assets.style + s.assets.script
		}
		return ""
	}
	return file{name: s.language + "/" + s.path, key: versioned, stage: stage, render: func(ctx context.Context) ([]byte, error) {
		component, err := view(ctx)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.path, err)
		}
		return render(ctx, component)
	}}
}

func constant(key string) func() string { return func() string { return key } }

func render(ctx context.Context, c templ.Component) ([]byte, error) {
	var out bytes.Buffer
	err := c.Render(ctx, &out)
	return out.Bytes(), err
}

// keyOf returns the key of a page: a hash of it, without the log of a run, whose id stands
// for it.
func keyOf(run string, page templ.Component) string {
	hash := sha256.New()
	_, _ = io.WriteString(hash, run+" ")
	if err := page.Render(context.Background(), hash); err != nil {
		return "" // it is rendered again, which returns the error
	}
	return hex.EncodeToString(hash.Sum(nil)[:12])
}

// readRun reads the logs of a run, as far as there is room.
func (m *Model) readRun(ctx context.Context, r state.Run) (runView, error) {
	v, room := newRunView(r), maxRunLogs
	for i := range v.workspaces {
		w := &v.workspaces[i]
		if room <= 0 || w.result.Outcome == state.Skipped || w.result.Outcome == state.Busy {
			continue
		}
		if err := m.Site.readPlan(ctx, &w.plan, w.result.Name); err != nil {
			return v, err
		}
		room -= len(w.plan.text)
	}
	return v, nil
}
