package env_test

import (
	"maps"
	"testing"
)

// TestEstate plays the life of the infrastructure, with the settings as shipped: created,
// in sync after the next pass, changed, rotated twice, repaired, failed over in a
// disaster, and brought back. A person approves what waits.
func TestEstate(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	t.Run("whole", a.runPart(applyWhole))
	t.Run("in sync", a.runPart(checkInSync))
	t.Run("one module", a.runPart(changeOneModule))
	t.Run("rotation from A to B", a.runPart(func(a *account) { a.rotate("tokyo-ap-A", "tokyo-ap-B", false) }))
	t.Run("rotation from B to A", a.runPart(func(a *account) { a.rotate("tokyo-ap-B", "tokyo-ap-A", true) }))
	t.Run("mutations", a.runPart(healMutations))
	t.Run("disaster", a.runPart(failOver))
	t.Run("back to Tokyo", a.runPart(returnToTokyo))
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

// applyWhole: passes create everything in dependency order. A person approves what the
// settings keep for people.
func applyWhole(a *account) {
	p := a.settle("--trigger", "schedule")
	want := map[string]string{"bootstrap": "no-changes"}
	for _, name := range listWorkspaces(a.t) {
		switch name {
		case "bootstrap":
		case "tokyo-ap-B": // it is absent
			want[name] = "applied"
		default: // its gate, or a VPC: whose default security group is taken over
			want[name] = "approved"
		}
	}
	if got := p.outcomes(); !maps.Equal(got, want) {
		a.t.Fatalf("the first passes: %v, want %v", got, want)
	}
	count := 0
	for _, name := range listWorkspaces(a.t) {
		for _, n := range a.countResources(name) {
			count += n
		}
	}
	a.t.Logf("%d resources: all that the shipped values ask for", count)
	a.checkLogGroups()
}

// checkLogGroups: no log group was made by AWS itself, which would neither encrypt it with
// our key nor ever empty it.
func (a *account) checkLogGroups() {
	a.t.Helper()
	for _, region := range []string{tokyo, osaka} {
		groups := a.aws.LogGroups(region)
		if len(groups) == 0 {
			a.t.Errorf("%s has no log groups", region)
		}
		for _, group := range groups {
			if group.KeyARN == "" || group.Days == 0 {
				a.t.Errorf("%s: %+v has no key or no end", region, group)
			}
		}
	}
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
	a.commitAndCheck("a stricter load balancer", map[string]string{"osaka-ap": "approved", "tokyo-ap-A": "approved", "tokyo-ap-B": "no-changes"})
}
