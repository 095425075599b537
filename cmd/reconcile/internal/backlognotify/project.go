// Package backlognotify sends the results of passes to Backlog: as comments on merged
// pull requests and as issues. Previews use its Project too. It knows no settings.
package backlognotify

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"reconcile/internal/commitid"
	"reconcile/reconciler/approval"
	"reconcile/reconciler/backlog"
	"reconcile/reconciler/notify"
	"reconcile/reconciler/notify/catalog"
	"reconcile/reconciler/preview"
)

// Project is the Backlog project of the repository. It implements
// preview.PullRequests and run.PullRequests. It is not safe for concurrent use.
type Project struct {
	Client    *backlog.Client
	Repo      backlog.Repo
	Lang      string // of texts; "": the language of the space
	MaxLength int    // of a text, in characters; 0: no limit
	Log       *slog.Logger

	userID       int // id of the key's user; 0: not fetched yet
	cachedWriter *notify.Writer
}

// Writer returns a writer for the project's format, in Lang or else the language of the
// space. It is created once.
func (b *Project) Writer(ctx context.Context) (*notify.Writer, error) {
	if b.cachedWriter != nil {
		return b.cachedWriter, nil
	}
	project, err := b.Client.Project(ctx, b.Repo.Project)
	if err != nil {
		return nil, fmt.Errorf("ask for the text format of project %s: %w", b.Repo.Project, err)
	}
	lang := b.Lang
	if lang == "" {
		space, err := b.Client.Space(ctx)
		if err != nil {
			return nil, fmt.Errorf("ask for the language of the space: %w", err)
		}
		lang = space.Lang
	}
	if !slices.Contains(catalog.Languages(), lang) {
		lang = "en"
	}
	format := notify.Format(project.TextFormattingRule)
	if format != notify.Markdown && format != notify.Notation {
		b.Log.Warn("Backlog does not say a text format that is known here; texts are in Markdown", "project", b.Repo.Project, "textFormattingRule", format)
		format = notify.Markdown
	}
	writer, err := notify.NewWriter(lang, format)
	if err != nil {
		return nil, err
	}
	writer.MaxLength, b.cachedWriter = b.MaxLength, writer
	return writer, nil
}

// Open implements preview.PullRequests.
func (b *Project) Open(ctx context.Context, branch string) (open []preview.PullRequest, err error) {
	for pr, err := range b.Client.PullRequests(ctx, b.Repo, backlog.StatusOpen) {
		if err != nil {
			return nil, err
		}
		if pr.Base == branch {
			open = append(open, preview.PullRequest{Number: pr.Number, Title: pr.Summary, Branch: pr.Branch, OpenerID: pr.CreatedUser.ID})
		}
	}
	return open, nil
}

// Comments implements preview.PullRequests and run.PullRequests.
func (b *Project) Comments(ctx context.Context, number int) (list []approval.Comment, err error) {
	if b.userID == 0 {
		me, err := b.Client.Myself(ctx)
		if err != nil {
			return nil, err
		}
		b.userID = me.ID
	}
	for c, err := range b.Client.Comments(ctx, b.Repo, number) {
		if err != nil {
			return nil, err
		}
		list = append(list, approval.Comment{
			ID: c.ID, AuthorID: c.CreatedUser.ID, IsOwn: c.CreatedUser.ID == b.userID, Text: c.Content, CreatedAt: c.Created, UpdatedAt: c.Updated,
		})
	}
	return list, nil
}

// PullRequest implements run.PullRequests.
func (b *Project) PullRequest(ctx context.Context, number int) (approval.PullRequest, error) {
	pr, err := b.Client.PullRequest(ctx, b.Repo, number)
	return approval.PullRequest{
		Number: number, OpenerID: pr.CreatedUser.ID, IsOpen: pr.Status.ID == backlog.StatusOpen, IsMerged: pr.Status.ID == backlog.StatusMerged,
		Head: commitid.ID(pr.BranchCommit), MergeCommit: commitid.ID(pr.MergeCommit),
	}, err
}

// Merged implements run.PullRequests. The list has the newest number first.
func (b *Project) Merged(ctx context.Context, branch string, oldest int) (numbers []int, err error) {
	for pr, err := range b.Client.PullRequests(ctx, b.Repo, backlog.StatusMerged) {
		if err != nil {
			return nil, err
		}
		if pr.Number < oldest {
			break
		}
		if pr.Base == branch {
			numbers = append(numbers, pr.Number)
		}
	}
	return numbers, nil
}

// AddComment implements run.PullRequests.
func (b *Project) AddComment(ctx context.Context, number int, text string) error {
	return b.Put(ctx, number, 0, text)
}

// Put implements preview.PullRequests.
func (b *Project) Put(ctx context.Context, number, id int, text string) (err error) {
	if id == 0 {
		_, err = b.Client.AddComment(ctx, b.Repo, number, text)
	} else {
		_, err = b.Client.EditComment(ctx, b.Repo, number, id, text)
	}
	return err
}
