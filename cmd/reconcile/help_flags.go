package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/reconciler/notify/catalog"
)

// printFlagList prints flags with what they mean, aligned and wrapped to width columns. pflag's
// own list takes the bytes of a text for its width.
func printFlagList(w io.Writer, width int, t *catalog.Translator, flags *pflag.FlagSet) {
	var names, meanings []string
	column := 0
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name := "      --" + f.Name
		if f.Shorthand != "" {
			name = fmt.Sprintf("  -%s, --%s", f.Shorthand, f.Name)
		}
		kind, meaning := pflag.UnquoteUsage(f)
		names = append(names, strings.TrimRight(name+" "+kind, " "))
		meanings = append(meanings, t.Translate(meaning)+formatDefault(t, f))
		column = max(column, len(names[len(names)-1]))
	})
	for i, name := range names {
		ui.PrintWrapped(w, width, ui.PadRight(name, column)+"   ", meanings[i])
	}
}

// formatDefault returns what is said of a flag's default, if it is not the type's zero value.
func formatDefault(t *catalog.Translator, f *pflag.Flag) string {
	switch f.DefValue {
	case "", "0", "0s", "false", "[]":
		return ""
	}
	value := f.DefValue
	if f.Value.Type() == "string" {
		value = fmt.Sprintf("%q", value)
	}
	return t.Sprintf(" (default %s)", value)
}
