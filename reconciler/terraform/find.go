package terraform

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/gofrs/flock"
	goversion "github.com/hashicorp/go-version"
	install "github.com/hashicorp/hc-install"
	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"
	"github.com/hashicorp/hc-install/src"
)

// The oldest Terraform that can do what this package asks of it, and what is
// installed where there is none. Any OpenTofu will do: it began at 1.6.
var (
	oldest    = goversion.Must(goversion.NewVersion("1.5.0"))
	installed = goversion.Must(goversion.NewVersion("1.11.4"))
)

// find sets binary, version and product.
func (t *Terraform) find(ctx context.Context) error {
	var err error
	if t.binary, err = t.locate(ctx); err != nil {
		return err
	}
	if err := t.ask(ctx); err != nil {
		return err
	}
	if v, err := goversion.NewVersion(t.version); err != nil || v.Core().LessThan(oldest) {
		return fmt.Errorf("%s is version %s, but at least %s is needed: install a newer one, or name it with --terraform", t.binary, t.version, oldest)
	}
	return nil
}

func (t *Terraform) locate(ctx context.Context) (string, error) {
	if t.opts.Binary != "" {
		path, err := exec.LookPath(t.opts.Binary)
		if err != nil {
			return "", fmt.Errorf("--terraform names %s, which cannot be run: %w", t.opts.Binary, err)
		}
		return filepath.Abs(path)
	}
	for _, name := range []string{"terraform", "tofu"} {
		if path, err := exec.LookPath(name); err == nil {
			return filepath.Abs(path)
		}
	}
	return t.install(ctx)
}

// install fetches Terraform once for all processes that share Work.
func (t *Terraform) install(ctx context.Context) (string, error) {
	dir := filepath.Join(t.opts.Work, "bin")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	if err := lock.Lock(); err != nil {
		return "", fmt.Errorf("lock %s: %w", lock.Path(), err)
	}
	defer lock.Close()
	path := filepath.Join(dir, "terraform-"+installed.String())
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	t.opts.Log.Info("no terraform and no tofu on PATH: installing Terraform", "version", installed.String(), "to", path)
	temp, err := os.MkdirTemp(dir, "install-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temp)
	got, err := install.NewInstaller().Install(ctx, []src.Installable{&releases.ExactVersion{
		Product: product.Terraform, Version: installed, InstallDir: temp,
	}})
	if err != nil {
		return "", fmt.Errorf("there is no terraform and no tofu on PATH, and Terraform %s could not be installed: install one of them, or name it with --terraform: %w", installed, err)
	}
	// Moved only when whole: a killed install leaves nothing that looks done.
	return path, os.Rename(got, path)
}

// ask runs the program once for its version.
func (t *Terraform) ask(ctx context.Context) error {
	s, err := t.take(t.run)
	if err != nil {
		return err
	}
	defer t.give(s)
	var answer bytes.Buffer
	s.exec.SetStdout(&answer)
	if err := s.exec.SetEnv(t.environ(nil)); err != nil {
		return err
	}
	version, _, err := s.exec.Version(ctx, true)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("%s cannot tell its version, so it is neither terraform nor tofu: %w", t.binary, err)
	}
	t.version, t.product = version.String(), "terraform"
	// Only Terraform says whether it is outdated: OpenTofu's answer is the
	// same but for this.
	var fields map[string]json.RawMessage
	if json.Unmarshal(answer.Bytes(), &fields) == nil && fields["terraform_outdated"] == nil {
		t.product = "tofu"
	}
	return nil
}
