package env_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"reconcile/env/awstest/traffic"
	"reconcile/modules/tftest"
)

// rolloutCase is a random rollout, and what modules/accelerator_shares says of its numbers.
type rolloutCase struct {
	Regions  map[string]string // by side
	Standby  map[string]bool
	From, To map[string]int
	Steps    []int // with 0 and 50, to 100
}

// rolloutValues are the dials and weights at one number.
type rolloutValues struct {
	Dials   map[string]float64
	Weights map[string]int
}

// TestRolloutTraffic: random rollouts, with the weights and dials that Terraform computes,
// before the rules of Global Accelerator. Every client is served at each step, between two
// steps, when a step is half applied, and when one side fails at any moment: unless it would
// also fail without the rollout.
func TestRolloutTraffic(t *testing.T) {
	t.Parallel()
	tf := tftest.New(t, map[string]string{"modules": modulesDir})
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	var cases []rolloutCase
	for range 40 {
		cases = append(cases, newRolloutCase(random))
	}
	for i, values := range computeRollouts(t, tf, cases) {
		cases[i].check(t, values)
	}
}

func newRolloutCase(random *rand.Rand) rolloutCase {
	c := rolloutCase{Regions: map[string]string{}, Standby: map[string]bool{}, Steps: []int{0, 50, 100}}
	for i := range 2 + random.IntN(4) {
		side := fmt.Sprintf("side%d", i)
		c.Regions[side] = []string{tokyo, osaka}[random.IntN(2)]
		c.Standby[side] = random.IntN(2) == 0
	}
	sides := slices.Sorted(maps.Keys(c.Regions))
	c.From, c.To = randomShares(random, sides), randomShares(random, sides)
	for range random.IntN(4) {
		c.Steps = append(c.Steps, 1+random.IntN(99))
	}
	slices.Sort(c.Steps)
	c.Steps = slices.Compact(c.Steps)
	return c
}

// randomShares divides 100 over some of the sides; often one has all.
func randomShares(random *rand.Rand, sides []string) map[string]int {
	shares, rest := map[string]int{}, 100
	for _, i := range random.Perm(len(sides))[:random.IntN(len(sides))] {
		part := random.IntN(rest + 1)
		shares[sides[i]] = part
		rest -= part
	}
	shares[sides[random.IntN(len(sides))]] += rest
	return shares
}

// computeRollouts has Terraform compute the values of all cases at their steps, in one run.
func computeRollouts(t *testing.T, tf *tftest.Terraform, cases []rolloutCase) []map[int]rolloutValues {
	t.Helper()
	var root strings.Builder
	root.WriteString("locals {\n  cases = {\n")
	for i, c := range cases {
		endpoints := map[string]any{}
		for side, region := range c.Regions {
			endpoints[side] = map[string]any{"region": region, "standby": c.Standby[side]}
		}
		for _, number := range c.Steps {
			values, err := json.Marshal(map[string]any{"endpoints": endpoints, "from": c.From, "to": c.To, "progress": number})
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&root, "    \"%d/%d\" = jsondecode(%q)\n", i, number, values)
		}
	}
	fmt.Fprintf(&root, `  }
}

module "at" {
  source   = "../modules/accelerator_shares"
  for_each = local.cases

  regions   = [%q, %q]
  endpoints = each.value.endpoints
  from      = each.value.from
  to        = each.value.to
  progress  = each.value.progress
}

output "at" {
  value = { for key, one in module.at : key => { dials = one.dials, weights = one.weights } }
}
`, tokyo, osaka)
	tf.Write(t, "rollouts/main.tf", root.String())
	tf.Run(t, "rollouts", "get")
	tf.Run(t, "rollouts", "apply", "-input=false", "-auto-approve")
	var at map[string]rolloutValues
	if err := json.Unmarshal(tf.Run(t, "rollouts", "output", "-json", "at"), &at); err != nil {
		t.Fatal(err)
	}
	all := make([]map[int]rolloutValues, len(cases))
	for i, c := range cases {
		all[i] = map[int]rolloutValues{}
		for _, number := range c.Steps {
			all[i][number] = at[fmt.Sprintf("%d/%d", i, number)]
		}
	}
	return all
}

// check walks from step to step, and back from each, with every side failing in turn.
func (c rolloutCase) check(t *testing.T, at map[int]rolloutValues) {
	t.Helper()
	for _, fault := range append(slices.Sorted(maps.Keys(c.Regions)), "") {
		// What fails all the same if nobody begins the rollout, or all is done at once.
		allowed := map[string]float64{}
		for _, number := range []int{0, 100} {
			for region, failed := range c.failingParts(c.groups(at[number], fault)) {
				allowed[region] = max(allowed[region], failed)
			}
		}
		if fault == "" && len(allowed) > 0 {
			t.Errorf("%+v: nobody is served before it begins, or when it has ended: %v", c, allowed)
		}
		for i, number := range c.Steps[1:] {
			before := c.Steps[i]
			for _, seen := range traffic.ListTransitions(c.groups(at[before], fault), c.groups(at[number], fault)) {
				for region, failed := range c.failingParts(seen) {
					if failed > allowed[region]+1e-9 {
						t.Errorf("%+v: %s fails; from %d to %d, %.3f of the clients near %s are not served, at %+v", c, fault, before, number, failed, region, seen)
					}
				}
			}
		}
	}
}

// groups returns the endpoint groups at one number, with one unhealthy side.
func (c rolloutCase) groups(values rolloutValues, fault string) []traffic.Group {
	var groups []traffic.Group
	for _, region := range []string{tokyo, osaka} {
		g := traffic.Group{Region: region, Dial: values.Dials[region]}
		for _, side := range slices.Sorted(maps.Keys(c.Regions)) {
			if c.Regions[side] == region {
				g.Endpoints = append(g.Endpoints, traffic.Endpoint{ID: side, Weight: values.Weights[side], IsUnhealthy: side == fault})
			}
		}
		groups = append(groups, g)
	}
	return groups
}

// failingParts returns the part of the clients near a Region that nobody serves, by Region.
func (c rolloutCase) failingParts(groups []traffic.Group) map[string]float64 {
	failing := map[string]float64{}
	for _, region := range []string{tokyo, osaka} {
		if failed := traffic.Route(traffic.SortByDistance(region, groups))[traffic.Failed]; failed > 0 {
			failing[region] = failed
		}
	}
	return failing
}
