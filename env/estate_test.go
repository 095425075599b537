package env_test

import (
	"maps"
	"testing"
)

// TestEstate plays the life of the infrastructure: created by one pass, in sync after
// the next, changed, rotated twice, repaired, and failed over in a disaster.
func TestEstate(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	t.Run("whole", a.runPart(applyWhole))
	t.Run("in sync", a.runPart(checkInSync))
	t.Run("one module", a.runPart(changeOneModule))
	t.Run("rotation from A to B", a.runPart(func(a *account) { a.rotate("tokyo-ap-A", "tokyo-ap-B") }))
	t.Run("rotation from B to A", a.runPart(func(a *account) { a.rotate("tokyo-ap-B", "tokyo-ap-A") }))
	t.Run("mutations", a.runPart(healMutations))
	t.Run("disaster", a.runPart(failOver))
}

// runPart runs a part of the test. After a failed part it runs none, because they depend
// on each other.
func (a *account) runPart(part func(*account)) func(*testing.T) {
	return func(t *testing.T) {
		if a.t.Failed() {
			t.Fatal("an earlier part failed")
		}
		sub := *a
		sub.t = t
		part(&sub)
	}
}

// applyWhole: one pass creates everything in dependency order.
func applyWhole(a *account) {
	p := a.runPass("--trigger", "schedule")
	want := map[string]string{"bootstrap": "no-changes"}
	for _, name := range listWorkspaces(a.t) {
		if name != "bootstrap" {
			want[name] = "applied"
		}
	}
	if got := p.outcomes(); !maps.Equal(got, want) {
		a.t.Fatalf("the first pass: %v, want %v", got, want)
	}
	count := 0
	for _, name := range listWorkspaces(a.t) {
		for _, n := range a.countResources(name) {
			count += n
		}
	}
	a.t.Logf("%d resources: all that the shipped values ask for", count)
}

// checkInSync: the next pass applies nothing, and every plan is empty.
func checkInSync(a *account) {
	if got := a.runPass("--trigger", "schedule").outcomes(); len(got) > 0 {
		a.t.Errorf("the second pass: %v", got)
	}
	a.checkUnchanged(listWorkspaces(a.t)...)
}

// changeOneModule: a change in a module is applied only where it is used. B uses it, but
// has none of its resources while it is absent.
func changeOneModule(a *account) {
	a.edit("modules/elb/main.tf", `(desync_mitigation_mode\s+= )"defensive"`, `$1"strictest"`)
	a.commitAndCheck("a stricter load balancer", map[string]string{"osaka-ap": "applied", "tokyo-ap-A": "applied", "tokyo-ap-B": "no-changes"})
}
