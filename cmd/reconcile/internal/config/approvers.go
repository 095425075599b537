package config

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"

	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/internal/files"
	"reconcile/internal/ownership"
	"reconcile/reconciler/approval"
)

// ErrNoParameter: the parameter of --approvers does not exist.
var ErrNoParameter = errors.New("parameter not found")

// checkApprovers checks what --approvers names, and makes a path absolute. A file in the
// repository is refused: a commit could name other approvers.
func (s *Settings) checkApprovers() error {
	const right = "ssm://PARAMETER or a file"
	if name, ok := strings.CutPrefix(s.Approvers, SchemeSSM); ok {
		if strings.Trim(name, "/") == "" {
			return usage.Errorf("--approvers takes "+right, "--approvers %s names no parameter", s.Approvers)
		}
		return nil
	}
	if err := checkLocation("--approvers", right, nil, &s.Approvers); err != nil || s.Approvers == "" {
		return err
	}
	if s.Executor != ExecutorLocal && s.Executor != "" {
		return usage.Errorf("give --approvers ssm://PARAMETER, or leave --executor at local",
			"--executor %s runs on other machines, which cannot reach --approvers %s", s.Executor, s.Approvers)
	}
	for _, inside := range []struct{ flag, path string }{{"--repo", strings.TrimPrefix(s.Repo, "file://")}, {"--work", s.Work}} {
		if isBelow(s.Approvers, inside.path) {
			return usage.Errorf("keep it elsewhere, such as /etc/reconcile/approvers.hcl", "--approvers %s is below %s %s: a commit could change it", s.Approvers, inside.flag, inside.path)
		}
	}
	return nil
}

// isBelow reports whether a file is in a directory, also by symbolic links.
func isBelow(file, dir string) bool {
	if !filepath.IsAbs(dir) {
		return false
	}
	for _, path := range []*string{&file, &dir} {
		if real, err := filepath.EvalSymlinks(*path); err == nil {
			*path = real
		}
	}
	rel, err := filepath.Rel(dir, file)
	return err == nil && filepath.IsLocal(rel)
}

// ReadApprovers reads the approvers; nil: the setting is missing.
func (s *Settings) ReadApprovers(ctx context.Context, cfg func() (aws.Config, error)) (*approval.Approvers, error) {
	if s.Approvers == "" {
		return nil, nil
	}
	read := readApproversFile
	if strings.HasPrefix(s.Approvers, SchemeSSM) {
		read = func(location string) ([]byte, error) { return readParameter(ctx, cfg, location) }
	}
	text, err := read(s.Approvers)
	if err == nil {
		var approvers *approval.Approvers
		if approvers, err = approval.Parse(text, s.Approvers); err == nil {
			return approvers, nil
		}
	}
	var refused *ownership.Error
	switch {
	case errors.As(err, &refused):
		return nil, usage.Errorf(refused.Help, "--approvers %s is not safe to use: %s %s", s.Approvers, refused.Path, refused.Reason)
	case errors.Is(err, os.ErrNotExist):
		return nil, usage.Errorf("docs/approve.md shows what it looks like", "--approvers: %w", err)
	}
	return nil, fmt.Errorf("--approvers: %w", err)
}

// readApproversFile reads the file if only root and we can change it.
func readApproversFile(path string) ([]byte, error) {
	if err := ownership.CheckFilePath(path); err != nil {
		return nil, err
	}
	return files.ReadRegular(path, approval.MaxApproversSize)
}

// parameterName returns the name of the parameter at ssm://NAME.
func parameterName(location string) string { return strings.TrimPrefix(location, SchemeSSM) }

// MayWriteParameter reports whether credentials may write the parameter at ssm://NAME, whose
// value own can read. It asks to create it: AWS checks the permission first, and refuses what
// exists. So nothing is changed.
func MayWriteParameter(ctx context.Context, own, credentials aws.Config, location string) (bool, error) {
	name := parameterName(location)
	out, err := ssm.NewFromConfig(own).GetParameter(ctx, &ssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(true)})
	if err != nil {
		return false, fmt.Errorf("read the parameter %s: %w", name, err)
	}
	if out.Parameter == nil || out.Parameter.Value == nil {
		return false, fmt.Errorf("%s has no value", location)
	}
	_, err = ssm.NewFromConfig(credentials).PutParameter(ctx, &ssm.PutParameterInput{
		Name: &name, Value: out.Parameter.Value, Type: out.Parameter.Type, Overwrite: aws.Bool(false),
	})
	var exists *types.ParameterAlreadyExists
	var refused smithy.APIError
	switch {
	case err == nil, errors.As(err, &exists):
		return true, nil
	case errors.As(err, &refused) && refused.ErrorCode() == "AccessDeniedException":
		return false, nil
	}
	return false, fmt.Errorf("ask whether the parameter %s may be written: %w", name, err)
}

func readParameter(ctx context.Context, cfg func() (aws.Config, error), location string) ([]byte, error) {
	settings, err := cfg()
	if err != nil {
		return nil, err
	}
	name := parameterName(location)
	out, err := ssm.NewFromConfig(settings).GetParameter(ctx, &ssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(true)})
	var missing *types.ParameterNotFound
	switch {
	case errors.As(err, &missing):
		return nil, fmt.Errorf("%s: %w", location, ErrNoParameter)
	case err != nil:
		return nil, fmt.Errorf("read the parameter %s: %w", name, err)
	case out.Parameter == nil || out.Parameter.Value == nil:
		return nil, fmt.Errorf("%s has no value", location)
	}
	return []byte(*out.Parameter.Value), nil
}
