package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reconcile/cmd/reconcile/internal/config"
	"reconcile/reconciler/notify/catalog"
)

// newTranslator returns the translator to Japanese.
func newTranslator(t *testing.T) *catalog.Translator {
	t.Helper()
	tr, err := catalog.NewTranslator("ja")
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// Every command, flag and topic of the help has a translation. So has what cobra adds.
func TestHelpIsTranslated(t *testing.T) {
	a, tr := newApp(), newTranslator(t)
	root := newRootCommand(a)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	check := func(where, text string) {
		if text = strings.TrimSpace(text); text != "" && tr.Translate(text) == text {
			t.Errorf("%s has no translation:\n%s", where, text)
		}
	}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		c.InitDefaultHelpFlag()
		c.InitDefaultVersionFlag()
		check(c.CommandPath(), c.Short)
		check(c.CommandPath(), c.Long)
		if strings.Contains(c.Example, "# ") {
			if tr.Text(c.Example) == c.Example {
				t.Errorf("the examples of %s have no translation", c.CommandPath())
			}
		}
		for _, g := range c.Groups() {
			check(c.CommandPath(), g.Title)
		}
		c.Flags().VisitAll(func(f *pflag.Flag) { check(c.CommandPath()+" --"+f.Name, f.Usage) })
		c.PersistentFlags().VisitAll(func(f *pflag.Flag) { check(c.CommandPath()+" --"+f.Name, f.Usage) })
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
	check("exit codes", exitCodesText)
	check("settings", settingsText)
	for _, group := range config.FlagGroups(root.PersistentFlags()) {
		check("flags", group.Title)
	}
	for _, v := range config.SecretVariables() {
		check(v.Name, v.Meaning)
	}
}
