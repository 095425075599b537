package reconciler_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"reconcile/internal/stateid"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// tfState is a modelled Terraform state.
type tfState struct {
	stateContent
	version    state.TerraformState
	generation int64 // of the tip that was last applied, or whose plan was empty
}

func (s *tfState) exists() bool { return len(s.resources) > 0 }

// modelTerraform does what Terraform does, as far as a pass can see. The resources that
// it makes are a function of the workspace's files, the variable, and the states that it
// reads when it plans.
type modelTerraform struct{ process *process }

func (modelTerraform) Product() string { return "terraform" }
func (modelTerraform) Version() string { return "1.11.4" }

func (t modelTerraform) Open(killCtx context.Context, spec terraform.Spec) run.Session {
	return &modelSession{f: t.process.pass, killCtx: killCtx, job: spec, plans: map[*terraform.Plan]*modelPlan{}, number: 100}
}

type modelSession struct {
	f       *inFlightPass
	killCtx context.Context
	job     terraform.Spec
	id      stateid.ID
	plans   map[*terraform.Plan]*modelPlan
	number  int // of a rollout
}

// modelPlan is the content of a saved plan.
type modelPlan struct {
	stateContent
	version state.TerraformState // of the state that it was made against
	stamp   string               // of the checkout that it was made in
	size    string
	number  int // of a rollout; 100 outside of one
}

// successEvent is a successful apply, or an empty plan.
type successEvent struct {
	modelPlan
	workspace  string
	generation int64
}

func (s *modelSession) Init(context.Context) error                { return nil }
func (s *modelSession) ForceUnlock(context.Context, string) error { return errors.New("no lock") }
func (s *modelSession) SetVariable(v terraform.Variable)          { s.number, _ = strconv.Atoi(v.Value) }
func (s *modelSession) PrepareApply(context.Context) error        { return nil }
func (s *modelSession) GeneratedLockFile() []byte                 { return nil }
func (s *modelSession) Close() error                              { return nil }
func (s *modelSession) checkContext(ctx context.Context) error {
	if s.killCtx.Err() != nil {
		return context.Cause(s.killCtx)
	}
	return context.Cause(ctx)
}

func (s *modelSession) Plan(ctx context.Context) (plan *terraform.Plan, err error) {
	err = s.f.runEffect("plan", func() (err error) {
		plan, err = s.plan(ctx)
		return err
	})
	if err == nil {
		err = s.f.runEffect("planned", func() error { return nil })
	}
	return plan, err
}

func (s *modelSession) plan(ctx context.Context) (*terraform.Plan, error) {
	if err := s.checkContext(ctx); err != nil {
		return nil, err
	}
	m := s.f.m
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.locked {
		return nil, &terraform.LockedError{ID: "1", Owner: "ann@elsewhere"}
	}
	wants, err := s.readConfig(m.tfStates)
	if err != nil {
		return nil, err
	}
	now := m.stateAt(s.id)
	wants.version = now.version
	plan := &terraform.Plan{
		Empty: wants.equal(now.stateContent), StateExists: now.exists(), State: terraform.State(now.version), Digest: modelDigest(wants.stateContent, now.version.Lineage),
	}
	plan.Difference = modelDifference(now.stateContent, wants.stateContent)
	plan.MadeOutputs, plan.RemovedOutputs = listChangedOutputs(now.stateContent, wants.stateContent)
	s.plans[plan] = wants
	if plan.Empty {
		s.noteSuccess(wants)
	}
	return plan, nil
}

func (s *modelSession) noteSuccess(p *modelPlan) {
	s.f.readPurpose = "upstreams"
	s.f.lastSuccess[s.id] = &successEvent{*p, s.job.Name, s.f.generations[s.id]}
}

func (s *modelSession) Apply(ctx context.Context, plan *terraform.Plan) error {
	kind := s.f.hit("apply")
	if kind == crashBefore || kind == failBefore {
		return errInjected
	}
	half := kind == failAfter || kind == crashAfter
	if err := s.checkContext(ctx); err != nil {
		return err
	}
	if err := s.apply(s.plans[plan], half); err != nil {
		return err
	}
	return s.f.runEffect("applied", func() error { return nil })
}

func (s *modelSession) apply(p *modelPlan, half bool) error {
	m := s.f.m
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.stateAt(s.id)
	if now.version != p.version {
		return errors.New("saved plan is stale")
	}
	m.checkApply(s, p)
	m.saveCopy(s.id)
	if now.version.Lineage == "" {
		m.lineageCount++
		now.version.Lineage = fmt.Sprintf("lineage %d", m.lineageCount)
	}
	now.version.Serial++
	if _, removed := listChangedOutputs(now.stateContent, p.stateContent); len(removed) > 0 {
		s.f.teardowns++
	}
	s.f.applyCounts[s.id]++
	if half || slices.Contains(p.resources, "breaks") {
		// Some of it is made, and the former resources have changed. What they used is still used.
		used := slices.DeleteFunc(slices.Concat(now.resources, p.resources), isNoUse)
		now.resources = append(used, fmt.Sprintf("half of serial %d", now.version.Serial))
		now.output, now.spares = p.output, p.spares
		return errors.New("terraform apply failed half-way")
	}
	now.stateContent = p.stateContent
	s.noteSuccess(p)
	return nil
}

// Outputs ignores its context: a late holder continues as long as it can.
func (s *modelSession) Outputs(context.Context, []byte) (terraform.Outputs, error) {
	m := s.f.m
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.stateAt(s.id)
	return terraform.Outputs{Digest: digestOf(now.outputs()), State: terraform.State(now.version)}, nil
}

// readConfig derives from the files in the checkout what to make.
func (s *modelSession) readConfig(world map[stateid.ID]*tfState) (*modelPlan, error) {
	stamp, err := os.ReadFile(filepath.Join(s.job.Root, stampFile))
	if err != nil {
		return nil, err
	}
	p := &modelPlan{stamp: string(stamp), number: s.number}
	dir := s.job.Dir
	for prefix := ""; dir != ""; prefix = "module " {
		text, err := os.ReadFile(filepath.Join(dir, "main.tf"))
		if err != nil {
			return nil, err
		}
		for _, found := range inputPattern.FindAllStringSubmatch(string(text), -1) {
			p.resources = append(p.resources, prefix+found[1])
		}
		if prefix == "" {
			if err := s.readRoot(string(text), p, world); err != nil {
				return nil, err
			}
		}
		found := sourcePattern.FindStringSubmatch(string(text))
		if found == nil {
			break
		}
		dir = filepath.Join(dir, found[1])
	}
	slices.Sort(p.resources)
	return p, nil
}

// readRoot reads what only the root module has.
func (s *modelSession) readRoot(text string, p *modelPlan, world map[stateid.ID]*tfState) error {
	keys := keyPattern.FindAllStringSubmatch(text, -1)
	s.id = stateid.ID("s3://states/" + keys[0][1])
	upstream := ""
	if len(keys) > 1 {
		up := world[stateid.ID("s3://states/"+keys[1][1])]
		if up == nil || up.output == "" {
			return errors.New("unable to find remote state, or an output in it")
		}
		upstream = up.output
		p.resources = append(p.resources, "seen "+upstream)
		if found := usePattern.FindStringSubmatch(text); found != nil {
			spare := int(found[1][0] - '0')
			if !up.spares[spare] {
				return &terraform.StepError{Workspace: s.job.Name, Step: "plan", Detail: fmt.Sprintf("Error: Unsupported attribute\n\nThis object does not have an attribute named %q.", "spare"+found[1])}
			}
			p.resources = append(p.resources, describeUse(spare, keys[1][1]))
		}
	}
	if strings.Contains(text, "variable \"size\"") {
		value, ok := s.job.Vars["size"]
		if !ok {
			return errors.New("no value for required variable")
		}
		p.size = value
		p.resources = append(p.resources, "size "+value)
	}
	if found := sharePattern.FindStringSubmatch(text); found != nil {
		from, _ := strconv.Atoi(found[1])
		to, _ := strconv.Atoi(found[2])
		p.resources = append(p.resources, shareAt(from, to, s.number))
	}
	p.output = upstream
	for _, found := range sparePattern.FindAllStringSubmatch(text, -1) {
		p.spares[found[1][0]-'0'] = true
	}
	if found := outputPattern.FindStringSubmatch(text); found != nil {
		p.output = found[1]
	}
	return nil
}

var (
	inputPattern  = regexp.MustCompile(`(?m)^  input = "(.*)"$`)
	sourcePattern = regexp.MustCompile(`(?m)^  source = "(.*)"$`)
	keyPattern    = regexp.MustCompile(`(?m)^ +key = "(.*)"$`)
	sharePattern  = regexp.MustCompile(`(?m)^# share (\d+) (\d+)$`)
	sparePattern  = regexp.MustCompile(`(?m)^output "spare(\d)"`)
	usePattern    = regexp.MustCompile(`(?m)^  input = .*\.outputs\.spare(\d)$`)
	outputPattern = regexp.MustCompile(`(?m)^  value = "(.*)"$`)
)
