package reconciler

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"reconcile/reconciler/notify"
	"reconcile/state"
)

// Teller tells people, on one channel, what became of workspaces. An error
// means that they are to be told again.
type Teller interface {
	Channel() string // under which the record remembers what was told
	Tell(ctx context.Context, report *notify.Report) error
}

// tellAgain is when people are told what they could not be told.
const tellAgain = 5 * time.Minute

// tell has each channel say what it has not said yet. Nothing is sent because
// of an event: what the record knows is compared with what people were told,
// so that what is lost by a channel that is down is told by a later pass, and
// nothing twice. It never fails a pass.
func (p *pass) tell(ctx context.Context) {
	due := !p.tellAt.IsZero() && (p.options.Trigger == Manual || !p.Now().Before(p.tellAt))
	if p.result.Snapshot != "" || due {
		p.tellNow(ctx)
	}
}

func (p *pass) tellNow(ctx context.Context) {
	if len(p.Tellers) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	untold, err := p.tellAll(ctx)
	if err != nil {
		p.log.Warn("people could not be told; a later pass does it", "error", err)
		untold = true
	}
	if err := p.tellLater(ctx, untold); err != nil {
		p.log.Warn("that people were not told could not be recorded; the next change tells them", "error", err)
	}
}

func (p *pass) tellAll(ctx context.Context) (untold bool, err error) {
	records, err := p.Record.Workspaces(ctx)
	if err != nil {
		return true, err
	}
	told, err := p.Record.Told(ctx)
	if err != nil {
		return true, err
	}
	for _, teller := range p.Tellers {
		if err := p.tellOn(ctx, teller, records, told); err != nil {
			p.log.Warn("people could not be told; a later pass does it", "channel", teller.Channel(), "error", err)
			untold = true
		}
	}
	return untold, nil
}

// tellOn tells one channel what is news to it, and remembers it as told.
func (p *pass) tellOn(ctx context.Context, teller Teller, records map[string]state.Workspace, told map[string]state.Told) error {
	telling, err := p.Record.Telling(ctx)
	if err != nil {
		return err
	}
	report := &notify.Report{
		Run: p.result.Run, Repo: p.Repo, Branch: p.Branch, Environment: p.Environment, Commit: p.result.To, At: p.Now().UTC(),
		Since: telling.Since, Last: telling.Last,
	}
	channel := teller.Channel()
	known := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(records)) {
		rec, was := records[name], told[name].By[channel]
		print := tellable(rec)
		if print == "" || print == was {
			continue
		}
		known[name] = print
		if isNews(rec, was) {
			report.News = append(report.News, news(rec, was, told[name].Issue))
		}
	}
	if len(report.News) > 0 {
		err = teller.Tell(ctx, report)
	}
	return p.remember(ctx, channel, known, report, told, err)
}

// remember records what was told; where telling failed, only the issues that
// were opened all the same.
func (p *pass) remember(ctx context.Context, channel string, known map[string]string, report *notify.Report, told map[string]state.Told, failed error) error {
	issues := map[string]string{}
	for _, n := range report.News {
		issues[n.Name] = n.Issue
	}
	for name, print := range known {
		t := told[name]
		t.Name, t.By = name, maps.Clone(t.By)
		if t.By == nil {
			t.By = map[string]string{}
		}
		issue, isNews := issues[name]
		if failed == nil {
			t.By[channel] = print
		} else if !isNews || issue == t.Issue {
			continue
		}
		if isNews {
			t.Issue = issue
		}
		told[name] = t
		if err := p.Record.PutTold(ctx, t); err != nil {
			return err
		}
	}
	if failed == nil && !report.Since.IsZero() {
		return p.Record.PutTelling(ctx, state.Telling{Since: report.Since, Last: report.Last})
	}
	return failed
}

// tellLater notes in the head when to try again, if that is not there yet.
func (p *pass) tellLater(ctx context.Context, untold bool) error {
	head, err := p.Record.Head(ctx)
	if err != nil {
		return err
	}
	switch {
	case untold:
		head.TellAt = p.Now().Add(tellAgain)
	case head.TellAt.IsZero():
		return nil
	default:
		head.TellAt = time.Time{}
	}
	_, err = p.Record.PutHead(ctx, head)
	return err
}

// tellable is the fingerprint of what can be told of a workspace: the same
// for a failure and for its retries with the same inputs. "": nothing can.
func tellable(w state.Workspace) string {
	switch w.Outcome {
	case state.Applied, state.NoChanges, state.Unchanged:
		switch {
		case w.Removed:
			return "removed"
		case w.Drift != nil && w.Drift.Found:
			return drifts + w.Drift.Digest
		}
		return fmt.Sprintf("ok|%d", w.Counter)
	case state.Failed:
		return "failed|" + inputsID(w.Waiting)
	case state.Blocked:
		return "blocked|" + w.Digest + "|" + inputsID(w.Waiting)
	}
	if w.Removed {
		return "removed"
	}
	return ""
}

// drifts begins the fingerprint of a workspace that has drifted.
const drifts = "drift|"

// isNews tells whether people want to hear of it, having last heard was. That
// a workspace is as it should be is none, unless it was not.
func isNews(w state.Workspace, was string) bool {
	now := tellable(w)
	switch {
	case now == "removed":
		return was != ""
	case !strings.HasPrefix(now, "ok|"):
		return true
	case was == "" || strings.HasPrefix(was, "ok|") || was == "removed":
		return w.Outcome == state.Applied
	}
	return true
}

func news(w state.Workspace, was, issue string) notify.News {
	n := notify.News{
		Name: w.Name, Outcome: string(w.Outcome), Error: w.Error, Commit: w.Commit, Run: w.Run, Issue: issue,
		Add: w.Changes.Add, Change: w.Changes.Change, Replace: w.Changes.Replace, Destroy: w.Changes.Destroy,
	}
	if w.Removed {
		n.Outcome = string(state.Removed)
	}
	n.Recovered = strings.HasPrefix(was, "failed|") && w.Outcome != state.Failed && w.Outcome != state.Blocked
	switch {
	case strings.HasPrefix(tellable(w), drifts):
		n.Drift, n.Recovered = true, false
		n.Outcome, n.Run = string(state.Drifted), w.Drift.Run
		n.Add, n.Change, n.Replace, n.Destroy = w.Drift.Changes.Add, w.Drift.Changes.Change, w.Drift.Changes.Replace, w.Drift.Changes.Destroy
	case strings.HasPrefix(was, drifts) && (w.Drift != nil || w.Outcome == state.NoChanges):
		// Gone without an apply.
		n.Drift, n.Outcome = true, string(state.Unchanged)
		n.Add, n.Change, n.Replace, n.Destroy = 0, 0, 0, 0
	}
	return n
}

// inputsID is short for what a run that did not come to its end was made from.
func inputsID(waiting state.Trace) string {
	text, _ := json.Marshal(waiting) // texts always encode, sorted
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}
