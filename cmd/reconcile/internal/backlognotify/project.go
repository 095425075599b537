// Package backlognotify sends the results of passes to Backlog: as comments on merged
// pull requests and as issues. Previews use its Project too. It knows no settings.
package backlognotify

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"reconcile/reconciler/backlog"
	"reconcile/reconciler/notify"
	"reconcile/reconciler/notify/catalog"
	"reconcile/reconciler/preview"
)

// Project is the Backlog project of the repository. It implements
// preview.PullRequests. It is not safe for concurrent use.
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
			open = append(open, preview.PullRequest{Number: pr.Number, Title: pr.Summary, Branch: pr.Branch})
		}
	}
	return open, nil
}

// Comment implements preview.PullRequests. It ignores comments of other users,
// whatever they contain.
func (b *Project) Comment(ctx context.Context, number int, isOwn func(string) bool) (found preview.Comment, err error) {
	if b.userID == 0 {
		me, err := b.Client.Myself(ctx)
		if err != nil {
			return found, err
		}
		b.userID = me.ID
	}
	for c, err := range b.Client.Comments(ctx, b.Repo, number) {
		if err != nil {
			return found, err
		}
		if c.CreatedUser.ID == b.userID && isOwn(c.Content) {
			found = preview.Comment{ID: c.ID, Text: c.Content, At: c.Updated}
		}
	}
	return found, nil
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
