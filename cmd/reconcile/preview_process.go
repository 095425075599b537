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

	"reconcile/internal/visible"
	"reconcile/reconciler"
	"reconcile/reconciler/terraform"
)

// maxPreviewAnswer bounds what is read of a preview-one's answer, in bytes.
const maxPreviewAnswer = 64 << 20

// previewProcess runs `reconcile preview-one`.
type previewProcess struct {
	settings settings
	allowed  confinement
	program  string        // this one
	patience time.Duration // how long it may take to stop before it is killed
	log      io.Writer     // what it says on standard error
}

// newPreviewProcess runs this program, without what it needs of Backlog.
func (a *app) newPreviewProcess(allowed confinement) (*previewProcess, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("the path of this program: %w", err)
	}
	own := a.settings
	own.BacklogCredentials, own.BacklogAPIKey, own.WebhookToken = "", "", ""
	return &previewProcess{settings: own, allowed: allowed, program: program, patience: patience + 10*time.Second, log: a.err}, nil
}

// run makes one preview. The error says how the process ended without an
// answer.
func (p *previewProcess) run(ctx, hard context.Context, request reconciler.PreviewRequest) (*reconciler.PreviewAnswer, error) {
	var order bytes.Buffer
	if err := gob.NewEncoder(&order).Encode(previewOrder{p.settings, p.allowed, request}); err != nil {
		return failedPreview(request, err), nil
	}
	said := terraform.NewExcerpt(64 << 10)
	answer := &bounded{most: maxPreviewAnswer}
	cmd := exec.CommandContext(ctx, p.program, "preview-one")
	cmd.Args[0] = os.Args[0]
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &order, answer, io.MultiWriter(p.log, said)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C reaches it through us
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = p.patience
	if err := cmd.Start(); err != nil {
		return failedPreview(request, err), nil
	}
	defer context.AfterFunc(hard, func() { _ = cmd.Process.Kill() })()
	if err := cmd.Wait(); err != nil {
		return nil, p.explain(err, answer, said.String())
	}
	var decoded reconciler.PreviewAnswer
	if err := gob.NewDecoder(&answer.text).Decode(&decoded); err != nil {
		return nil, fmt.Errorf("its answer cannot be read: %w", err)
	}
	return &decoded, nil
}

// failedPreview is the answer where no process could be started.
func failedPreview(request reconciler.PreviewRequest, err error) *reconciler.PreviewAnswer {
	return &reconciler.PreviewAnswer{
		Preview: reconciler.Preview{PullRequest: request.PullRequest},
		Error:   fmt.Sprintf("start a process for the preview: %v", err),
	}
}

// explain says why a process gave no answer.
func (p *previewProcess) explain(err error, answer *bounded, said string) error {
	var exit *exec.ExitError
	switch {
	case answer.exceeded:
		return fmt.Errorf("its answer is larger than %d MiB: keep large values out of the plans", maxPreviewAnswer>>20)
	case strings.Contains(said, "out of memory"), strings.Contains(said, "cannot allocate memory"):
		return fmt.Errorf("it needed more than %d MiB of memory (--memory)", p.allowed.Memory)
	case !errors.As(err, &exit):
		return err
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return fmt.Errorf("it was killed (%s), perhaps for want of memory", status.Signal())
	}
	return fmt.Errorf("%w: %s", err, visible.Line(lastLine(said)))
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// bounded takes no more than most bytes; whoever writes more is cut off.
type bounded struct {
	text     bytes.Buffer
	most     int
	exceeded bool
}

func (b *bounded) Write(data []byte) (int, error) {
	if b.exceeded = b.exceeded || b.text.Len()+len(data) > b.most; b.exceeded {
		return 0, errors.New("the answer is too large")
	}
	return b.text.Write(data)
}
