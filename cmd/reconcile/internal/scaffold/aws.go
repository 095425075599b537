package scaffold

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5"
	"github.com/hashicorp/hcl/v2/hclwrite"

	"reconcile/internal/lazyregexp"
	"reconcile/reconciler/source"
	"reconcile/reconciler/workspace"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// backlogSSH is an address of a Backlog repository over SSH:
// SPACE@SPACE.git.backlog.com:/PROJECT/repo.git.
var backlogSSH = lazyregexp.New(`^(?:ssh://)?[^@/]+@([a-z0-9-]+)\.git\.(backlog\.(?:com|jp)):?/([^/]+)/([^/]+?)(?:\.git)?$`)

// AWSValues returns a call of modules/reconciler that fits the repository at top. What nothing
// in the repository says is a comment.
func AWSValues(ctx context.Context, top, branch string, product repotree.Product) (string, error) {
	commit, _, err := source.ReadWorkTree(ctx, top)
	if err != nil {
		return "", err
	}
	loader := workspace.NewLoader(commit.Tree, product)
	roots, _, _ := loader.FindRoots() // init has said where it ended
	var buckets []string
	for _, root := range roots {
		b := loader.Load(settings.Dir{Name: root.Path, Path: root.Path}, settings.Config{}).Backend
		if name := b.Config["bucket"]; b.Type == "s3" && name != "" && !slices.Contains(buckets, name) {
			buckets = append(buckets, name)
		}
	}
	slices.Sort(buckets)
	var b strings.Builder
	b.WriteString("module \"reconciler\" {\n  source = \"../../modules/reconciler\"\n\n")
	if url := originURL(top); url != "" {
		fmt.Fprintf(&b, "  repository = %s\n", quote(url))
	} else {
		b.WriteString("  repository = \"\" # the address of the repository, by https\n")
	}
	b.WriteString("  # image_digest = \"sha256:…\" # of the image that you push: docs/bootstrap.md\n")
	if branch != "main" {
		fmt.Fprintf(&b, "  settings   = { RECONCILE_BRANCH = %s }\n", quote(branch))
	}
	b.WriteString("\n  kms_key_arn = \"\"          # your key for the record, snapshots, secrets and logs\n")
	b.WriteString("  snapshots   = { bucket = \"\" } # a new bucket's name\n")
	b.WriteString("\n  # The roles that plan_role and apply_role of reconcile.hcl name.\n  workspace_roles = []\n")
	if len(buckets) > 0 {
		b.WriteString("\n  # For workspaces without roles: the buckets of their states, and the keys of these.\n  states = {\n")
		for i, name := range buckets {
			fmt.Fprintf(&b, "    states%d = { bucket_arn = %s, kms_key_arn = \"\" }\n", i+1, quote("arn:aws:s3:::"+name))
		}
		b.WriteString("  }\n")
	}
	b.WriteString("}\n")
	return string(hclwrite.Format([]byte(b.String()))), nil
}

// originURL returns the https address of the remote that Git names origin; "" if it is not known.
func originURL(top string) string {
	repo, err := git.PlainOpenWithOptions(top, &git.PlainOpenOptions{EnableDotGitCommonDir: true})
	if err != nil {
		return ""
	}
	remote, err := repo.Remote("origin")
	if err != nil || len(remote.Config().URLs) == 0 {
		return ""
	}
	url := remote.Config().URLs[0]
	if found := backlogSSH().FindStringSubmatch(url); found != nil {
		return fmt.Sprintf("https://%s.%s/git/%s/%s.git", found[1], found[2], found[3], found[4])
	}
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok || scheme != "https" {
		return ""
	}
	host, path, _ := strings.Cut(rest, "/")
	host = host[strings.LastIndex(host, "@")+1:] // without credentials
	return scheme + "://" + host + "/" + path
}
