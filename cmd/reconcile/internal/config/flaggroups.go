package config

import (
	"slices"

	"github.com/spf13/pflag"
)

// FlagGroup is a group of flags in the help.
type FlagGroup struct {
	Title string
	Flags *pflag.FlagSet
}

// flagGroups holds the flags that all commands have, by what they are about.
var flagGroups = []struct {
	title string
	names []string
}{
	{"Repository", []string{"repo", "branch", "git-credentials", "signers", "environment", "settings"}},
	{"Record", []string{"state", "record", "snapshots", "digest-key"}},
	{"Running", []string{"gate", "approvers", "terraform", "executor", "parallelism", "wait", "work", "config"}},
	{"Backlog and notices", []string{"backlog", "backlog-credentials", "notify", "notify-issues", "page", "page-url"}},
	{"Output", []string{"output", "lang", "quiet", "no-color", "log-format", "metrics", "traces"}},
}

// otherGroup is the title of the flags that are in no group.
const otherGroup = "Other"

// FlagGroups returns the flags in groups. Those without a group come last.
func FlagGroups(flags *pflag.FlagSet) []FlagGroup {
	var groups []FlagGroup
	grouped := []string{"help"}
	for _, g := range flagGroups {
		group := FlagGroup{Title: g.title, Flags: pflag.NewFlagSet(g.title, pflag.ContinueOnError)}
		group.Flags.SortFlags = false
		for _, name := range g.names {
			if f := flags.Lookup(name); f != nil {
				group.Flags.AddFlag(f)
			}
		}
		groups, grouped = append(groups, group), append(grouped, g.names...)
	}
	rest := FlagGroup{Title: otherGroup, Flags: pflag.NewFlagSet(otherGroup, pflag.ContinueOnError)}
	flags.VisitAll(func(f *pflag.Flag) {
		if !slices.Contains(grouped, f.Name) {
			rest.Flags.AddFlag(f)
		}
	})
	return append(groups, rest)
}

// VariablesOf returns the environment variables of flags, in the flags' order.
func VariablesOf(flags *pflag.FlagSet) (names []string) {
	flags.VisitAll(func(f *pflag.Flag) { names = append(names, envName(f.Name)) })
	return names
}

// SecretVariable is a variable that has no flag: every process can read a command line.
type SecretVariable struct{ Name, Meaning string }

// SecretVariables returns all of them.
func SecretVariables() []SecretVariable {
	list := []SecretVariable{{envGitUsername, "user of the repository over https"}, {envGitPassword, "its password"}}
	for _, v := range serviceSecrets {
		list = append(list, SecretVariable{v.variable, v.meaning})
	}
	return list
}
