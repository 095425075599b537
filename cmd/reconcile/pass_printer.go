package main

import (
	"io"
	"os"

	"reconcile/reconciler/run"
)

// passOutput says where a pass is shown, and how.
type passOutput struct {
	out      io.Writer  // results
	err      io.Writer  // lines for people
	width    int        // of out, in columns
	json     bool       // the result only, as JSON
	terminal *os.File   // where a live view is drawn; nil: none
	title    string     // of the live view
	logs     *logWriter // logs stay above the live view
}

// passPrinter shows a pass: as JSON, as a live view or as plain lines.
type passPrinter struct {
	to      passOutput
	results *resultPrinter
	live    *liveView // nil without a terminal
}

// newPassPrinter returns a printer that has written nothing yet. The caller must call
// close.
func newPassPrinter(to passOutput) *passPrinter {
	v := &passPrinter{to: to, results: newResultPrinter(to.out, to.width)}
	if to.terminal != nil {
		v.live = &liveView{results: v.results, title: to.title, out: to.terminal, logs: to.logs}
	}
	return v
}

// observe shows an event of the pass.
func (v *passPrinter) observe(e run.Event) {
	switch {
	case e.Workspace == "": // a step of the pass; only workspaces are shown
	case v.live != nil:
		v.live.observe(e)
	case !v.to.json:
		v.results.observe(e)
	}
}

// printLine shows a line for people.
func (v *passPrinter) printLine(line string) {
	if v.live != nil {
		v.live.showNote(line)
		return
	}
	linePrinter(v.to.err)(line)
}

// close removes the live view. It may be called twice.
func (v *passPrinter) close() {
	if v.live != nil {
		v.live.close()
	}
}

// showResult shows the result of a pass; err is why it did not run or complete.
func (v *passPrinter) showResult(result *run.Result, err error) error {
	switch {
	case v.to.json:
		return printResult(v.to.out, result, err)
	case err != nil && len(result.Workspaces) == 0:
		return nil // the error is enough
	}
	printPlans(v.to.out, result)
	v.results.printSummary(result)
	return nil
}

// printResult writes a result as JSON, with the error of the whole pass.
func printResult(w io.Writer, result *run.Result, err error) error {
	return printJSONWith(w, result, "error", errorText(err))
}

// errorText returns the text of an error for JSON; "" for none.
func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
