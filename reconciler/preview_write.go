package reconciler

import (
	"context"

	"reconcile/reconciler/notify"
)

// writeComment writes the comment, if that is wanted.
func (p *previewRun) writeComment(ctx context.Context, result *Preview, before Comment, last notify.Marker, same bool) error {
	if same {
		result.Comment = notify.UpdateMarker(before.Text, result.Head, result.Tip)
	} else {
		writer, err := p.options.Writer(ctx)
		if err == nil {
			result.Comment, err = writer.WritePreview(result.toNotification(p.config.Branch, p.config.Environment), last)
		}
		if err != nil {
			return err
		}
	}
	if p.options.DryRun {
		result.Action = ActionPrinted
		return nil
	}
	// Plans take their time: another round may have written meanwhile.
	now, err := p.pulls.Comment(ctx, result.Number, p.isOwnComment)
	if err != nil {
		return err
	}
	if m, _ := notify.ReadMarker(now.Text); now.Text != before.Text && m.Head == result.Head && m.Tip == result.Tip {
		result.Action = ActionUnchanged
		return nil
	}
	if err := p.pulls.Put(ctx, result.Number, now.ID, result.Comment); err != nil {
		return err
	}
	switch {
	case same:
		result.Action = ActionMoved
	case now.ID == 0:
		result.Action = ActionAdded
	default:
		result.Action = ActionEdited
	}
	return nil
}
