package reconciler_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"reconcile/reconciler"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// tfState is a Terraform state in the modelled world.
type tfState struct {
	things
	version    state.TerraformState
	generation int64 // of the tip that was last applied, or found to be
}

func (s *tfState) exists() bool { return len(s.resources) > 0 }

// modelTerraform does what Terraform does, as far as a pass can tell: what it
// makes is a function of the workspace's files, of the variable, and of the
// states that it reads as they are when it plans.
type modelTerraform struct{ on *process }

func (modelTerraform) Product() string { return "terraform" }
func (modelTerraform) Version() string { return "1.11.4" }

func (t modelTerraform) Open(hard context.Context, job terraform.Job) reconciler.Session {
	return &modelSession{f: t.on.flight, hard: hard, job: job, plans: map[*terraform.Plan]*modelPlan{}}
}

type modelSession struct {
	f     *flight
	hard  context.Context
	job   terraform.Job
	id    string
	plans map[*terraform.Plan]*modelPlan
}

// modelPlan is what is in a saved plan.
type modelPlan struct {
	things
	version state.TerraformState // of the state that it was made against
	stamp   string               // of the checkout that it was made in
	size    string
}

// successEvent is an apply that ended well, or an empty plan.
type successEvent struct {
	modelPlan
	workspace  string
	generation int64
}

func (s *modelSession) Init(context.Context) error                { return nil }
func (s *modelSession) ForceUnlock(context.Context, string) error { return errors.New("no lock") }
func (s *modelSession) PrepareApply(context.Context) error        { return nil }
func (s *modelSession) MadeLockFile() []byte                      { return nil }
func (s *modelSession) Close() error                              { return nil }
func (s *modelSession) ended(ctx context.Context) error {
	if s.hard.Err() != nil {
		return context.Cause(s.hard)
	}
	return context.Cause(ctx)
}

func (s *modelSession) Plan(ctx context.Context) (plan *terraform.Plan, err error) {
	err = s.f.boundary("plan", func() (err error) {
		plan, err = s.plan(ctx)
		return err
	})
	if err == nil {
		err = s.f.boundary("planned", func() error { return nil })
	}
	return plan, err
}

func (s *modelSession) plan(ctx context.Context) (*terraform.Plan, error) {
	if err := s.ended(ctx); err != nil {
		return nil, err
	}
	m := s.f.m
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.locked {
		return nil, &terraform.LockedError{ID: "1", Who: "ann@elsewhere"}
	}
	wants, err := s.read(m.world)
	if err != nil {
		return nil, err
	}
	now := m.state(s.id)
	wants.version = now.version
	plan := &terraform.Plan{
		Empty: wants.equal(now.things), StateExists: now.exists(), State: terraform.State(now.version), Digest: strings.Join(wants.resources, ";"),
	}
	s.plans[plan] = wants
	if plan.Empty {
		s.succeeded(wants)
	}
	return plan, nil
}

func (s *modelSession) succeeded(p *modelPlan) {
	s.f.reads = "upstreams"
	s.f.success[s.id] = &successEvent{*p, s.job.Name, s.f.seen[s.id]}
}

func (s *modelSession) Apply(ctx context.Context, plan *terraform.Plan) error {
	kind := s.f.reach("apply")
	if kind == dies || kind == fails {
		return errFault
	}
	half := kind == failsLate || kind == diesLate
	if err := s.ended(ctx); err != nil {
		return err
	}
	if err := s.apply(s.plans[plan], half); err != nil {
		return err
	}
	return s.f.boundary("applied", func() error { return nil })
}

func (s *modelSession) apply(p *modelPlan, half bool) error {
	m := s.f.m
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.state(s.id)
	if now.version != p.version {
		return errors.New("saved plan is stale")
	}
	m.applying(s, p)
	m.keep(s.id)
	if now.version.Lineage == "" {
		m.lineages++
		now.version.Lineage = fmt.Sprintf("lineage %d", m.lineages)
	}
	now.version.Serial++
	s.f.applies[s.id]++
	if half || slices.Contains(p.resources, "breaks") {
		// Some of it is made, and what was there is not as it was.
		now.resources = []string{fmt.Sprintf("half of serial %d", now.version.Serial)}
		now.output = p.output
		return errors.New("terraform apply failed half-way")
	}
	now.things = p.things
	s.succeeded(p)
	return nil
}

// Outputs heeds nobody: a late holder goes on for as long as it can.
func (s *modelSession) Outputs(context.Context, []byte) (terraform.Outputs, error) {
	m := s.f.m
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.state(s.id)
	return terraform.Outputs{Digest: hex.EncodeToString([]byte(now.output)), State: terraform.State(now.version)}, nil
}

// read works out what the files in the checkout ask for.
func (s *modelSession) read(world map[string]*tfState) (*modelPlan, error) {
	stamp, err := os.ReadFile(filepath.Join(s.job.Root, stampFile))
	if err != nil {
		return nil, err
	}
	p := &modelPlan{stamp: string(stamp)}
	dir := s.job.Dir
	for prefix := ""; dir != ""; prefix = "module " {
		text, err := os.ReadFile(filepath.Join(dir, "main.tf"))
		if err != nil {
			return nil, err
		}
		for _, found := range inputLine.FindAllStringSubmatch(string(text), -1) {
			p.resources = append(p.resources, prefix+found[1])
		}
		if prefix == "" {
			if err := s.readRoot(string(text), p, world); err != nil {
				return nil, err
			}
		}
		found := sourceLine.FindStringSubmatch(string(text))
		if found == nil {
			break
		}
		dir = filepath.Join(dir, found[1])
	}
	slices.Sort(p.resources)
	return p, nil
}

// readRoot reads what only the root module has.
func (s *modelSession) readRoot(text string, p *modelPlan, world map[string]*tfState) error {
	keys := keyLine.FindAllStringSubmatch(text, -1)
	s.id = "s3://states/" + keys[0][1]
	upstream := ""
	if len(keys) > 1 {
		up := world["s3://states/"+keys[1][1]]
		if up == nil || up.output == "" {
			return errors.New("unable to find remote state, or an output in it")
		}
		upstream = up.output
		p.resources = append(p.resources, "seen "+upstream)
	}
	if strings.Contains(text, "variable \"size\"") {
		value, ok := s.job.Vars["size"]
		if !ok {
			return errors.New("no value for required variable")
		}
		p.size = value
		p.resources = append(p.resources, "size "+value)
	}
	p.output = upstream
	if found := outputLine.FindStringSubmatch(text); found != nil {
		p.output = found[1]
	}
	return nil
}

var (
	inputLine  = regexp.MustCompile(`(?m)^  input = "(.*)"$`)
	sourceLine = regexp.MustCompile(`(?m)^  source = "(.*)"$`)
	keyLine    = regexp.MustCompile(`(?m)^ +key = "(.*)"$`)
	outputLine = regexp.MustCompile(`(?m)^  value = "(.*)"$`)
)
