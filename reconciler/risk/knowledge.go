package risk

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"reconcile/internal/lazyregexp"
)

// dataFiles hold what is known. docs/risk.md describes them.
//
//go:embed data
var dataFiles embed.FS

// knowledge is what the files of data say.
type knowledge struct {
	actions  map[string]*rule // "create" and others
	kinds    map[string]kind  // by type
	rules    []*rule
	notes    []*rule
	harmless []*rule
	provider map[string]providerType
	names    map[string]bool // of rules, notes and harmless attributes
}

// kind is what a list says of a type.
type kind struct {
	list   string // "data", "identity", "traffic", "routine" or "plain"
	What   string `cty:"en"`
	WhatJa string `cty:"ja"`
	Source string `cty:"source"`
}

// rule is one entry of the files: a rule, a note, a harmless attribute or an action. The
// fields that a kind of entry does not have are empty.
type rule struct {
	Type   string         `hcl:"type,label"`
	Name   string         `hcl:"name,label"`
	Types  []string       `hcl:"types,optional"`
	Paths  []string       `hcl:"paths,optional"`
	On     []string       `hcl:"on,optional"`
	Risk   string         `hcl:"risk,optional"`
	When   hcl.Expression `hcl:"when,optional"`
	Guard  bool           `hcl:"guard,optional"`
	En     string         `hcl:"en,optional"`
	Ja     string         `hcl:"ja,optional"`
	Source string         `hcl:"source"`

	isNote   bool
	class    Class
	patterns []steps
}

// providerType is what the provider's schema says of a type.
type providerType struct {
	Computed []string `json:"computed,omitempty"` // attributes that only the provider sets
	Sets     []string `json:"sets,omitempty"`     // lists without an order

	computed, sets []steps
}

// dataFile is what a file may hold.
type dataFile struct {
	Data     map[string]kind   `hcl:"data,optional"`
	Identity map[string]kind   `hcl:"identity,optional"`
	Traffic  map[string]kind   `hcl:"traffic,optional"`
	Programs map[string]kind   `hcl:"programs,optional"`
	Routine  map[string]string `hcl:"routine,optional"` // the source of each
	Plain    map[string]string `hcl:"plain,optional"`   // so is this
	Actions  []*rule           `hcl:"verdict,block"`
	Rules    []*rule           `hcl:"rule,block"`
	Notes    []*rule           `hcl:"note,block"`
	Harmless []*rule           `hcl:"harmless,block"`
}

// embedded reads the files of this program once. A test proves that they are valid.
var embedded = sync.OnceValue(func() *knowledge {
	files, err := fs.Sub(dataFiles, "data")
	if err != nil {
		panic(err)
	}
	k, err := load(files)
	if err != nil {
		panic(err)
	}
	return k
})

// load reads and checks the files of a directory.
func load(files fs.FS) (*knowledge, error) {
	k := &knowledge{actions: map[string]*rule{}, kinds: map[string]kind{}, provider: map[string]providerType{}, names: map[string]bool{}}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		if path.Ext(name) == ".json" {
			err = k.addProvider(text)
		} else {
			err = k.addFile(name, text)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return k, nil
}

func (k *knowledge) addProvider(text []byte) error {
	if err := json.Unmarshal(text, &k.provider); err != nil {
		return err
	}
	for name, p := range k.provider {
		p.computed, p.sets = splitAll(p.Computed), splitAll(p.Sets)
		k.provider[name] = p
	}
	return nil
}

func (k *knowledge) addFile(name string, text []byte) error {
	parsed, diags := hclsyntax.ParseConfig(text, name, hcl.InitialPos)
	if diags.HasErrors() {
		return diags
	}
	var file dataFile
	if diags := gohcl.DecodeBody(parsed.Body, nil, &file); diags.HasErrors() {
		return diags
	}
	if err := k.addLists(&file); err != nil {
		return err
	}
	for _, r := range slices.Concat(file.Actions, file.Rules, file.Notes, file.Harmless) {
		if err := r.complete(); err != nil {
			return fmt.Errorf("%s: %w", r.id(), err)
		}
	}
	for _, r := range slices.Concat(file.Rules, file.Notes, file.Harmless) {
		if k.names[r.id()] {
			return fmt.Errorf("%s is there twice", r.id())
		}
		k.names[r.id()] = true
	}
	for _, r := range file.Actions {
		k.actions[r.id()] = r
	}
	for _, r := range file.Rules {
		if r.Risk == "" || r.En == "" {
			return fmt.Errorf("%s lacks a risk or a sentence", r.id())
		}
	}
	for _, note := range file.Notes {
		note.class, note.isNote = Update, true
	}
	k.rules = append(k.rules, file.Rules...)
	k.notes = append(k.notes, file.Notes...)
	k.harmless = append(k.harmless, file.Harmless...)
	return nil
}

func (k *knowledge) addLists(file *dataFile) error {
	add := func(list, typeName string, entry kind) error {
		if _, ok := k.kinds[typeName]; ok {
			return fmt.Errorf("%s is in two lists", typeName)
		}
		if !sourcePattern().MatchString(entry.Source) || list != "routine" && list != listPlain && (entry.What == "" || entry.WhatJa == "") {
			return fmt.Errorf("%s of list %s lacks en, ja or source", typeName, list)
		}
		entry.list = list
		k.kinds[typeName] = entry
		return nil
	}
	for list, types := range map[string]map[string]string{"routine": file.Routine, listPlain: file.Plain} {
		for typeName, source := range types {
			if err := add(list, typeName, kind{Source: source}); err != nil {
				return err
			}
		}
	}
	for typeName, entry := range file.Programs {
		if err := add("programs", programPrefix+typeName, entry); err != nil {
			return err
		}
	}
	for list, kinds := range map[string]map[string]kind{"data": file.Data, "identity": file.Identity, "traffic": file.Traffic} {
		for typeName, entry := range kinds {
			if err := add(list, typeName, entry); err != nil {
				return err
			}
		}
	}
	return nil
}

// listPlain is the list of types whose end is no worse than the action says.
const listPlain = "plain"

// programPrefix tells a type of data sources from one of resources.
const programPrefix = "data."

// sourcePattern begins a source: see data/actions.hcl.
var sourcePattern = lazyregexp.New(`^[DSAITX] \S`)

// complete checks an entry and reads what it says in text.
func (r *rule) complete() (err error) {
	if !sourcePattern().MatchString(r.Source) || (r.En == "") != (r.Ja == "") {
		return errors.New("an entry needs a source with its mark, and its sentence in both languages")
	}
	if r.Risk != "" {
		if r.class, err = ParseClass(r.Risk); err != nil {
			return err
		}
	}
	if len(r.Paths) == 0 {
		r.Paths = []string{r.Name}
	}
	if len(r.On) == 0 {
		r.On = []string{onUpdate}
	}
	for _, on := range r.On {
		if !slices.Contains([]string{onCreate, onUpdate, onReplace, onDelete}, on) {
			return fmt.Errorf("%q is no action", on)
		}
	}
	if left := placeholderPattern().ReplaceAllString(r.En+r.Ja, ""); strings.ContainsAny(left, "{}") {
		return fmt.Errorf("a sentence has a brace that is no placeholder: %s", left)
	}
	if err := checkCondition(r.When); err != nil {
		return err
	}
	r.patterns = splitAll(r.Paths)
	return nil
}

// id returns the name that reports show.
func (r *rule) id() string { return r.Type + "." + r.Name }

// isFor reports whether an entry is about a type.
func (r *rule) isFor(typeName string) bool {
	for _, pattern := range append([]string{r.Type}, r.Types...) {
		if ok, err := path.Match(pattern, typeName); ok && err == nil {
			return true
		}
	}
	return false
}

func splitAll(paths []string) []steps {
	var all []steps
	for _, p := range paths {
		all = append(all, strings.Split(p, "."))
	}
	return all
}
