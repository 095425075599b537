package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/internal/testtier"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform/sandbox"
)

// TestMain makes the test binary act as the program in scripts.
func TestMain(m *testing.M) {
	sandbox.Enter()
	if cache, err := testtier.CacheDir(); err == nil {
		os.Setenv("PATH", os.Getenv("PATH")+string(os.PathListSeparator)+filepath.Join(cache, "bin"))
	}
	testscript.Main(englishTests{m}, map[string]func(){
		"reconcile":        main,
		"reconcile-panics": func() { os.Exit(runPanicking()) },
	})
}

// englishTests runs tests in English, whatever the locale of the machine.
type englishTests struct{ m *testing.M }

// Run runs the tests.
func (e englishTests) Run() int {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		os.Unsetenv(name)
	}
	return e.m.Run()
}

// runPanicking runs the program with a panic in a command or in a goroutine.
func runPanicking() int {
	a := newApp()
	root := newRootCommand(a)
	root.AddCommand(&cobra.Command{
		Use:  "fault",
		RunE: func(*cobra.Command, []string) error { panic("the fault") },
	}, &cobra.Command{
		Use: "fault-in-work",
		RunE: func(*cobra.Command, []string) error {
			return fmt.Errorf("work: %w", &run.PanicError{Value: "the fault", Stack: debug.Stack()})
		},
	}, &cobra.Command{
		Use: "fault-beside",
		RunE: func(c *cobra.Command, _ []string) error {
			go func() {
				defer ui.RecoverExit(a.err, a.tr)
				panic("the fault")
			}()
			<-context.Background().Done()
			return nil
		},
	})
	return execute(a, root, os.Args[1:])
}

func TestScripts(t *testing.T) {
	testtier.Needs(t, testtier.Terraform, testtier.Emulator, testtier.Sandbox)
	runScripts(t, "testdata/script")
}

// TestOpenTofuScripts runs the scripts that need OpenTofu, too.
func TestOpenTofuScripts(t *testing.T) {
	testtier.Needs(t, testtier.Terraform, testtier.OpenTofu)
	runScripts(t, "testdata/opentofu")
}

func runScripts(t *testing.T, dir string) {
	t.Helper()
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setupScript,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"account":    accountCommand,
			"exits":      exitsCommand,
			"git":        gitCommand,
			"commit":     commitCommand,
			"serve":      serveCommand,
			"git-server": gitServerCommand,
			"replicate":  replicateCommand, "refuse-bucket": refuseBucketCommand,
			"serve-ssh":    serveSSHCommand,
			"serve-html":   serveHTMLCommand,
			"new-host-key": newHostKeyCommand,
			"cloud":        cloudCommand,
			"executors":    executorsCommand, "executor-secret": executorSecretCommand, "check-started": checkStartedCommand,
			"secret":                 secretCommand,
			"parameter":              parameterCommand,
			"lock-state":             lockStateCommand,
			"check-object":           checkObjectCommand,
			"requests":               requestsCommand,
			"json":                   jsonCommand,
			"save":                   saveCommand,
			"fifo":                   fifoCommand,
			"await":                  awaitCommand,
			"release":                releaseCommand,
			"no-secret":              noSecretCommand,
			"backlog":                backlogCommand,
			"fail-backlog":           failBacklogCommand,
			"check-backlog-requests": checkBacklogRequestsCommand,
			"pull-request":           pullRequestCommand,
			"sts":                    stsCommand,
			"alarm":                  alarmCommand,
			"check-roles":            checkRolesCommand,
			"check-unwritten":        checkUnwrittenCommand,
			"comments":               commentsCommand,
			"comment":                commentCommand,
			"issues":                 issuesCommand,
			"hook":                   hookCommand,
			"free-address":           freeAddressCommand,
			"next-pass":              nextPassCommand,
			"page":                   pageCommand,
			"fill":                   fillCommand,
			"inject":                 injectCommand,
			"commands":               commandsCommand,
		},
	})
}
