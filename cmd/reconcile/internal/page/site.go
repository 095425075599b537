package page

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed" // the style sheet, the script and the icon
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/a-h/templ"
	"github.com/oklog/ulid/v2"

	"reconcile/cmd/reconcile/internal/page/target"
	"reconcile/internal/runid"
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

// files returns all files of a model. live: only those that change while a run works.
func (m *Model) files(live bool) ([]file, error) {
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
		list = append(list, m.filesIn(document{text: t, model: m, assets: names}, live)...)
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

func (m *Model) filesIn(s document, live bool) []file {
	overview := s.of(overviewFile, s.recordTitle()+" · reconcile")
	list := []file{overview.file(constant(""), stageOverview, func(context.Context) (templ.Component, error) { return overviewPage(overview), nil })}
	if live {
		return list
	}
	for _, r := range m.Runs {
		run := s.of(RunPath(r.ID), s.say("page.run", "run", string(r.ID)))
		list = append(list, run.file(constant("run "+string(r.ID)), stageRuns, func(ctx context.Context) (templ.Component, error) {
			v, err := m.readRun(ctx, r)
			return runPage(run, v), err
		}))
	}
	for _, w := range m.Status.Workspaces {
		one := s.of(WorkspacePath(w.Name), line(w.Name)+" · "+s.recordTitle())
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
		graph := s.of(path, s.say("page.graph")+" · "+s.recordTitle())
		list = append(list, graph.file(func() string { return keyOf("", graphPage(graph, view)) }, stageGraph, func(context.Context) (templ.Component, error) {
			return graphPage(graph, view), nil
		}))
	}
	return list
}

// of returns the document of a page.
func (s document) of(path, title string) document {
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
		return "" // it is rendered again, and the error told
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

//go:embed assets/page.css
var styleSheet []byte

//go:embed assets/page.js
var script []byte

//go:embed assets/icon.svg
var icon []byte

// policy is the Content-Security-Policy of every page: it loads its own style sheet, script
// and icon, and sends nothing anywhere.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"

// assets are the names of the style sheet, the script and the icon, below the directory of
// the record. A name has the hash of the content, so a browser may keep it.
type assets struct{ style, script, icon string }

// assetFiles returns the assets and their content by name.
func assetFiles() (assets, map[string][]byte) {
	a := assets{style: assetName("page", styleSheet, "css"), script: assetName("page", script, "js"), icon: assetName("icon", icon, "svg")}
	return a, map[string][]byte{a.style: styleSheet, a.script: script, a.icon: icon}
}

func assetName(name string, content []byte, kind string) string {
	sum := sha256.Sum256(content)
	return target.AssetsDir + name + "-" + hex.EncodeToString(sum[:8]) + "." + kind
}

// Directories and files below the directory of a language.
const (
	overviewFile  = "index.html"
	graphFile     = "graph.html"
	workspacesDir = "w/"
	runsDir       = "r/"
	graphsDir     = "g/"
)

// DirOf returns the directory of a record below the place that pages are written to.
func DirOf(record string) string { return state.DirName(record) }

// WorkspacePath returns where the page of a workspace is, below the directory of a language.
func WorkspacePath(workspace string) string { return workspacesDir + slug(workspace) + ".html" }

// RunPath returns where the page of a run is, below the directory of a language.
func RunPath(run runid.ID) string {
	if isULID(string(run)) {
		return runsDir + string(run) + ".html"
	}
	return runsDir + slug(string(run)) + ".html"
}

// URLs returns a function that says where people open the page of a run, if they open the
// pages of the target at base.
func URLs(base, record string) func(language string, run runid.ID) string {
	return func(language string, run runid.ID) string {
		return strings.TrimRight(base, "/") + "/" + DirOf(record) + "/" + language + "/" + RunPath(run)
	}
}

// Sizes of file names, in bytes.
const (
	maxPlainName = 80
	maxSlugText  = 60
)

const (
	digits = "0123456789"
	small  = "abcdefghijklmnopqrstuvwxyz"
	large  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// isOf reports whether a text is one or more of some characters. It stands for a pattern,
// which would be compiled at each start of the program.
func isOf(text, characters string) bool { return text != "" && strings.Trim(text, characters) == "" }

func isULID(text string) bool { return len(text) == ulid.EncodedSize && isOf(text, digits+large) }

// slug returns a file name for any text. Texts that differ only in case have different names
// also where the file system does not tell them apart.
func slug(text string) string {
	if len(text) <= maxPlainName && isOf(text, digits+small+"_.-") && isOf(text[:1], digits+small) {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	plain := strings.Join(strings.FieldsFunc(text, func(r rune) bool { return !strings.ContainsRune(digits+small+large+"_", r) }), "-")
	return strings.ToLower(plain[:min(len(plain), maxSlugText)]) + "-" + hex.EncodeToString(sum[:6])
}
