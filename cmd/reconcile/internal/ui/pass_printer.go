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
	output  PassOutput
	results *ResultPrinter
	live    *liveView // nil without a terminal
}

// NewPassPrinter returns a printer that has written nothing yet. The caller must call
// close.
func NewPassPrinter(to PassOutput) *PassPrinter {
	lines := NewScreenWriter(to.Out)
	v := &PassPrinter{output: to, results: newResultPrinter(lines, to.Width, to.Translator)}
	if to.Terminal != nil {
		v.live = &liveView{title: to.Title, tr: to.Translator, out: to.Terminal, lines: lines, logs: to.Logs, plain: to.Plain}
	}
	return v
}

// Observe shows an event of the pass.
func (p *PassPrinter) Observe(e run.Event) {
	switch {
	case e.Workspace == "": // a step of the pass; only workspaces are shown
	case p.live != nil:
		p.live.start() // the line stays above the view
		p.results.observe(e)
		p.live.observe(e)
	case !p.output.JSON:
		p.results.observe(e)
	}
}

// PrintLine shows a line for people.
func (p *PassPrinter) PrintLine(line string) {
	if p.live != nil {
		p.live.showNote(line)
		return
	}
	LinePrinter(p.output.Err, p.output.Translator)(line)
}

// Close removes the live view. It may be called twice.
func (p *PassPrinter) Close() {
	if p.live != nil {
		p.live.close()
	}
}

// ShowResult shows the result of a pass; err is why it did not run or complete.
func (p *PassPrinter) ShowResult(result *run.Result, err error) error {
	switch {
	case p.output.JSON:
		return PrintResult(p.output.Out, result, err)
	case err != nil && len(result.Workspaces) == 0:
		return nil // the error is enough
	}
	printPlans(p.output.Out, result)
	p.results.printSummary(result)
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
