// Package similar finds the intended name for a misspelled one.
package similar

import (
	"slices"

	"github.com/agext/levenshtein"
)

// params prefer candidates with the same beginning: RECONCILE_REPOSITORY means
// RECONCILE_REPO.
var params = levenshtein.NewParams().BonusPrefix(4).BonusScale(0.2).BonusThreshold(0)

// minLikeness is the minimum likeness of two names that a person might confuse.
const minLikeness = 0.6

// FindNearest returns the candidate that is most similar to name, and the first of equals.
// It returns "" without a similar candidate.
func FindNearest(name string, candidates []string) string {
	nearest, _ := findBest(name, candidates)
	return nearest
}

// FindCorrection returns the candidate that name is probably a misspelling of, or "".
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
		likeness := levenshtein.Match(name, candidate, params)
		if sortLetters(name) == sortLetters(candidate) { // they changed places: "nwo"
			likeness = max(likeness, minLikeness)
		}
		if likeness > maxLikeness {
			nearest, maxLikeness = candidate, likeness
		}
	}
	return nearest, maxLikeness
}

func sortLetters(name string) string {
	letters := []rune(name)
	slices.Sort(letters)
	return string(letters)
}
