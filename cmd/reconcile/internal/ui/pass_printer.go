// Package ui shows what commands do: a pass as lines, as a live view or as JSON, tables,
// errors and logs. It knows no settings and starts nothing but the live view.
package ui

import (
	"io"
	"os"

	"reconcile/reconciler/notify/catalog"
	"reconcile/reconciler/run"
)

// PassOutput says where a pass is shown, and how.
type PassOutput struct {
	Out      io.Writer     // results
	Err      io.Writer     // lines for people
	Width    int           // of out, in columns
	JSON     bool          // the result only, as JSON
	Terminal *os.File      // where a live view is drawn; nil: none
	Plain    bool          // the live view has no colours and other styles
	Title    string        // of the live view
	Logs     *ScreenWriter // logs stay above the live view
	// Translator is of results and of the live view.
	Translator *catalog.Translator
}

// PassPrinter shows a pass: as JSON, as a live view or as plain lines.
type PassPrinter struct {
	to      PassOutput
	results *ResultPrinter
	live    *liveView // nil without a terminal
}

// NewPassPrinter returns a printer that has written nothing yet. The caller must call
// close.
func NewPassPrinter(to PassOutput) *PassPrinter {
	lines := NewScreenWriter(to.Out)
	v := &PassPrinter{to: to, results: newResultPrinter(lines, to.Width, to.Translator)}
	if to.Terminal != nil {
		v.live = &liveView{title: to.Title, tr: to.Translator, out: to.Terminal, lines: lines, logs: to.Logs, plain: to.Plain}
	}
	return v
}

// Observe shows an event of the pass.
func (v *PassPrinter) Observe(e run.Event) {
	switch {
	case e.Workspace == "": // a step of the pass; only workspaces are shown
	case v.live != nil:
		v.live.start() // the line stays above the view
		v.results.observe(e)
		v.live.observe(e)
	case !v.to.JSON:
		v.results.observe(e)
	}
}

// PrintLine shows a line for people.
func (v *PassPrinter) PrintLine(line string) {
	if v.live != nil {
		v.live.showNote(line)
		return
	}
	LinePrinter(v.to.Err, v.to.Translator)(line)
}

// Close removes the live view. It may be called twice.
func (v *PassPrinter) Close() {
	if v.live != nil {
		v.live.close()
	}
}

// ShowResult shows the result of a pass; err is why it did not run or complete.
func (v *PassPrinter) ShowResult(result *run.Result, err error) error {
	switch {
	case v.to.JSON:
		return PrintResult(v.to.Out, result, err)
	case err != nil && len(result.Workspaces) == 0:
		return nil // the error is enough
	}
	printPlans(v.to.Out, result)
	v.results.printSummary(result)
	return nil
}

// PrintResult writes a result as JSON, with the error of the whole pass.
func PrintResult(w io.Writer, result *run.Result, err error) error {
	return PrintJSONWith(w, result, "error", ErrorText(err))
}

// ErrorText returns the text of an error for JSON; "" for none.
func ErrorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
