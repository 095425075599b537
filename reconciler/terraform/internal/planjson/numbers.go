package planjson

import (
	"math/big"
	"slices"
	"strconv"

	"reconcile/internal/lazyregexp"
)

// numberPrecision is that of Terraform's numbers, in bits.
const numberPrecision = 512

// numberForms returns the texts by which programs show a number: Terraform's own, and those
// of providers and programs that have rounded it to a float64.
func numberForms(literal string) []string {
	exact, _, err := big.ParseFloat(literal, 10, numberPrecision, big.ToNearestEven)
	if err != nil {
		return []string{literal}
	}
	near, _ := exact.Float64()
	forms := []string{
		literal, exact.Text('f', -1), exact.Text('g', -1),
		strconv.FormatFloat(near, 'f', -1, 64), strconv.FormatFloat(near, 'g', -1, 64),
	}
	slices.Sort(forms)
	return slices.Compact(forms)
}

// longNumberPattern matches the numbers of JSON, and others, that a float64 may not hold.
var longNumberPattern = lazyregexp.New(`-?[0-9][0-9.]{15,}(?:[eE][-+]?[0-9]+)?`)

// roundedNumbers returns the long numbers of a document by what a float64 makes of them.
func roundedNumbers(text []byte) map[float64][]string {
	numbers := map[float64][]string{}
	for _, literal := range longNumberPattern().FindAll(text, -1) {
		if value, err := strconv.ParseFloat(string(literal), 64); err == nil && !slices.Contains(numbers[value], string(literal)) {
			numbers[value] = append(numbers[value], string(literal))
		}
	}
	return numbers
}
