//go:build pages

package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// With the build tag pages the program does nothing but write its manual pages and its
// completion scripts into the folder of its argument, for packages: what makes them would
// cost each user 250 kB. SOURCE_DATE_EPOCH dates the pages.
func init() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run -tags pages ./cmd/reconcile FOLDER")
		os.Exit(64)
	}
	if err := writePages(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "pages:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func writePages(dir string) error {
	manual, completions := filepath.Join(dir, "man"), filepath.Join(dir, "completions")
	for _, d := range []string{manual, completions} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	root := newRootCommand(newApp())
	root.DisableAutoGenTag = true
	if err := moveTopics(root); err != nil {
		return err
	}
	header := doc.GenManHeader{Section: "1", Source: "reconcile " + version, Manual: "reconcile"}
	if err := writeManual(root, header, manual); err != nil {
		return err
	}
	for name, generate := range map[string]func(io.Writer) error{
		"reconcile.bash": func(w io.Writer) error { return root.GenBashCompletionV2(w, true) },
		"_reconcile":     root.GenZshCompletion,
		"reconcile.fish": func(w io.Writer) error { return root.GenFishCompletion(w, true) },
	} {
		if err := writeFile(filepath.Join(completions, name), generate); err != nil {
			return err
		}
	}
	return nil
}

// moveTopics puts the topics of the help below the command help, with their texts as they
// are printed, so that they have pages.
func moveTopics(root *cobra.Command) error {
	root.InitDefaultHelpCmd()
	help, _, err := root.Find([]string{"help"})
	if err != nil {
		return err
	}
	for _, topic := range root.Commands() {
		if !topic.IsAdditionalHelpTopicCommand() {
			continue
		}
		var text bytes.Buffer
		topic.SetOut(&text)
		if err := topic.Help(); err != nil {
			return err
		}
		help.AddCommand(&cobra.Command{Use: topic.Name(), Short: topic.Short, Long: "```\n" + text.String() + "```", Run: func(*cobra.Command, []string) {}})
	}
	return nil
}

// writeManual writes a page for c and for each command below it.
func writeManual(c *cobra.Command, header doc.GenManHeader, dir string) error {
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() || sub.Name() == "help" {
			if err := writeManual(sub, header, dir); err != nil {
				return err
			}
		}
	}
	header.Title = "" // the name of the command
	name := filepath.Join(dir, strings.ReplaceAll(c.CommandPath(), " ", "-")+".1.gz")
	return writeFile(name, func(w io.Writer) error {
		z := gzip.NewWriter(w) // without a time, so that the same text makes the same bytes
		if err := doc.GenMan(c, &header, z); err != nil {
			return err
		}
		return z.Close()
	})
}

func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644) // #nosec G302 G304 -- pages that everyone may read, where the caller says
	if err != nil {
		return err
	}
	defer f.Close()
	if err := write(f); err != nil {
		return err
	}
	return f.Close()
}
