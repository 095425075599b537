package main

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/config"
	"reconcile/cmd/reconcile/internal/self"
	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/cmd/reconcile/internal/wire"
	"reconcile/internal/excerpt"
	"reconcile/internal/visible"
	"reconcile/reconciler/preview"
)

// newWorkerPreviewCommand returns the command that `reconcile preview` starts.
func newWorkerPreviewCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "preview",
		Short: "Make the preview of one pull request, over the standard streams",
		Long: `Make the preview of one pull request for ` + "`reconcile preview`" + `. It reads the
request and the settings from standard input, and writes the response to
standard output. It is a process of its own, so that a pull request cannot
affect the previews of others.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runWorkerPreview(c.Context(), a) },
	}
}

// previewInput is the standard input of `reconcile worker preview`.
type previewInput struct {
	Settings    config.Settings
	Confinement config.Confinement
	Request     preview.Request
}

func runWorkerPreview(ctx context.Context, a *app) error {
	var input previewInput
	if err := gob.NewDecoder(a.in).Decode(&input); err != nil {
		return usage.Errorf("run `reconcile preview`: it starts this by itself", "there is no request on standard input: %w", err)
	}
	a.settings = input.Settings
	if err := errors.Join(self.EndWithParent(), self.BoundMemory(input.Confinement.Memory)); err != nil {
		return fmt.Errorf("limit the resources of this process: %w", err)
	}
	ctx, killCtx, release := withSignals(ctx, gracePeriod, a.tr, a.linePrinter())
	defer release()
	response, err := makePreview(ctx, killCtx, a, input)
	if err != nil {
		response = &preview.Response{Preview: input.Request.PullRequest.NewPreview(""), Error: err.Error(), EndsRound: true}
	}
	return gob.NewEncoder(os.Stdout).Encode(response)
}

func makePreview(ctx, killCtx context.Context, a *app, input previewInput) (*preview.Response, error) {
	deps, err := a.open(ctx, wire.Everything)
	if err != nil {
		return nil, err
	}
	defer a.closeDeps(deps)
	if a.settings.Executor == config.ExecutorLocal {
		if err := deps.Confine(ctx, input.Confinement); err != nil {
			return nil, err
		}
	}
	return preview.New(deps.RunConfig(nil)).Make(ctx, killCtx, input.Request), nil
}

// maxPreviewResponse is the largest response of a preview process, in bytes.
const maxPreviewResponse = 64 << 20

// previewProcess runs `reconcile worker preview`.
type previewProcess struct {
	settings    config.Settings
	confinement config.Confinement
	program     string        // path of this program
	gracePeriod time.Duration // time to stop before it is killed
	log         io.Writer     // its standard error
}

// newPreviewProcess prepares a process of this program without Backlog's secrets.
func (a *app) newPreviewProcess(confinement config.Confinement) (*previewProcess, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("the path of this program: %w", err)
	}
	s := a.settings
	s.DropServiceSecrets()
	return &previewProcess{settings: s, confinement: confinement, program: program, gracePeriod: gracePeriod + 10*time.Second, log: a.err}, nil
}

// run makes one preview. The error says how the process ended without a response.
func (p *previewProcess) run(ctx, killCtx context.Context, request preview.Request) (*preview.Response, error) {
	var input bytes.Buffer
	if err := gob.NewEncoder(&input).Encode(previewInput{p.settings, p.confinement, request}); err != nil {
		return failedPreview(request, err), nil
	}
	stderr := excerpt.New(64 << 10)
	response := &limitedBuffer{limit: maxPreviewResponse}
	cmd := exec.CommandContext(ctx, p.program, "worker", "preview")
	cmd.Args[0] = os.Args[0]
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &input, response, io.MultiWriter(p.log, stderr)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C reaches it through us
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = p.gracePeriod
	if err := cmd.Start(); err != nil {
		return failedPreview(request, err), nil
	}
	defer context.AfterFunc(killCtx, func() { _ = cmd.Process.Kill() })()
	if err := cmd.Wait(); err != nil {
		return nil, p.explain(err, response, stderr.String())
	}
	var decoded preview.Response
	if err := gob.NewDecoder(&response.text).Decode(&decoded); err != nil {
		return nil, fmt.Errorf("cannot read the response: %w", err)
	}
	return &decoded, nil
}

// failedPreview returns the response for a process that could not be started.
func failedPreview(request preview.Request, err error) *preview.Response {
	return &preview.Response{
		Preview: request.PullRequest.NewPreview(""),
		Error:   fmt.Sprintf("start a process for the preview: %v", err),
	}
}

// explain returns why a process gave no response.
func (p *previewProcess) explain(err error, response *limitedBuffer, stderr string) error {
	var exit *exec.ExitError
	switch {
	case response.isExceeded:
		return fmt.Errorf("response larger than %d MiB: keep large values out of the plans", maxPreviewResponse>>20)
	case strings.Contains(stderr, "out of memory"), strings.Contains(stderr, "cannot allocate memory"):
		return fmt.Errorf("it needed more than %d MiB of memory (--memory)", p.confinement.Memory)
	case !errors.As(err, &exit):
		return err
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return fmt.Errorf("killed (%s), probably out of memory", status.Signal())
	}
	return fmt.Errorf("%w: %s", err, visible.Line(lastLine(stderr)))
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// limitedBuffer holds at most limit bytes; a larger write fails.
type limitedBuffer struct {
	text       bytes.Buffer
	limit      int
	isExceeded bool
}

func (b *limitedBuffer) Write(data []byte) (int, error) {
	if b.isExceeded = b.isExceeded || b.text.Len()+len(data) > b.limit; b.isExceeded {
		return 0, errors.New("the answer is too large")
	}
	return b.text.Write(data)
}
