package env_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"

	"reconcile/internal/programtest"
	"reconcile/modules/tftest"
)

// TestImages: docs/bootstrap.md replaces the invented images by those of each Region, in
// both files of values, and changes nothing else.
func TestImages(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tftest.Copy(t, ".", filepath.Join(dir, "env"))
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	images := map[string]string{tokyo: "ami-0aaaaaaaaaaaaaaaa", osaka: "ami-0bbbbbbbbbbbbbbbb"}
	// It answers like the AWS CLI, which is not part of the tests' tools.
	answer := `#!/bin/sh
case "$*" in
"ssm get-parameter --region ` + tokyo + ` --name /aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64 "*) echo ` + images[tokyo] + ` ;;
"ssm get-parameter --region ` + osaka + ` --name /aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64 "*) echo ` + images[osaka] + ` ;;
*) exit 1 ;;
esac
`
	programtest.Write(t, filepath.Join(bin, "aws"), answer)
	run := exec.CommandContext(t.Context(), "sh", filepath.Join(dir, "env", "images.sh"))
	run.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("images.sh: %v\n%s", err, out)
	}
	for _, file := range []string{"site.auto.tfvars", "site.staging.tfvars"} {
		before, after := readSite(t, file), readSite(t, filepath.Join(dir, "env", file))
		for home, region := range before.Regions {
			before.Images[home] = images[region]
		}
		if !reflect.DeepEqual(before, after) {
			t.Errorf("%s: %+v, want %+v", file, after, before)
		}
	}
}
