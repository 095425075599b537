package env_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"reconcile/modules/tftest"
)

// TestImages: docs/bootstrap.md replaces the invented images by those of each Region, in
// every file of values, and changes nothing else.
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
	if err := os.WriteFile(filepath.Join(bin, "aws"), []byte(answer), 0o700); err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), "sh", filepath.Join(dir, "env", "images.sh"))
	run.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("images.sh: %v\n%s", err, out)
	}
	for side, region := range map[string]string{"tokyo-ap-A": tokyo, "tokyo-ap-B": tokyo, "osaka-ap": osaka} {
		for _, file := range tftest.Glob(t, filepath.Join(side, "*.tfvars")) {
			before, after := tftest.LoadValues(t, file), tftest.LoadValues(t, filepath.Join(dir, "env", file))
			for name, value := range before {
				if name == "servers" {
					if found := findGroups(after[name], `image_id\s+= "(ami-[^"]*)"`); len(found) != 1 || found[0] != images[region] {
						t.Errorf("%s: its image is %v, not %s", file, found, images[region])
					}
				} else if after[name] != value {
					t.Errorf("%s: %s was changed to %s", file, name, after[name])
				}
			}
		}
	}
}
