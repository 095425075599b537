// Package similar finds what a misspelt name was meant to be.
package similar

import (
	"slices"

	"github.com/agext/levenshtein"
)

// params prefer candidates that begin as the name does: RECONCILE_REPOSITORY
// means RECONCILE_REPO.
var params = levenshtein.NewParams().BonusPrefix(4).BonusScale(0.2).BonusThreshold(0)

// minLikeness is below what nobody would take one name for the other.
const minLikeness = 0.6

// FindNearest returns the candidate that is most like name, the first of those
// that are alike; "" where there is none.
func FindNearest(name string, candidates []string) string {
	nearest, _ := findBest(name, candidates)
	return nearest
}

// FindCorrection returns the candidate that name is likely a misspelling of; ""
// where none is.
func FindCorrection(name string, candidates []string) string {
	nearest, likeness := findBest(name, candidates)
	if likeness < minLikeness {
		return ""
	}
	return nearest
}

func findBest(name string, candidates []string) (nearest string, maxLikeness float64) {
	maxLikeness = -1
	for _, candidate := range slices.Sorted(slices.Values(candidates)) {
		if likeness := levenshtein.Match(name, candidate, params); likeness > maxLikeness {
			nearest, maxLikeness = candidate, likeness
		}
	}
	return nearest, maxLikeness
}
