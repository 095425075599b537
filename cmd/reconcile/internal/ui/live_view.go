package ui

import (
	"io"
	"os"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"reconcile/internal/runid"
	"reconcile/reconciler/notify/catalog"
	"reconcile/reconciler/run"
)

// liveView runs a live view from the first event on: a pass with nothing to do shows
// no view.
type liveView struct {
	title string
	out   *os.File
	lines *ScreenWriter // results
	logs  *ScreenWriter
	tr    *catalog.Translator
	plain bool

	mu       sync.Mutex
	program  *tea.Program
	done     chan struct{} // closed when the view is off the screen
	restores []func()
}

// observe draws an event.
func (v *liveView) observe(e run.Event) {
	v.start().Send(eventMsg{event: e, time: time.Now()})
}

func (v *liveView) start() *tea.Program {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.program != nil {
		return v.program
	}
	v.program = tea.NewProgram(newLiveModel(v.title, v.tr, v.plain, time.Now()),
		tea.WithInput(nil), tea.WithOutput(v.out), tea.WithoutSignalHandler())
	v.done = make(chan struct{})
	go func() {
		defer RecoverExit(os.Stderr, v.tr)
		defer close(v.done)
		_, _ = v.program.Run() // a view that cannot be drawn must not fail the pass
	}()
	v.restores = []func(){
		disableEcho(v.out),
		v.lines.redirect(&viewWriter{v.program, v.done, v.lines.w, v.tr, v.plain}),
		v.logs.redirect(&viewWriter{v.program, v.done, os.Stderr, v.tr, v.plain}),
	}
	return v.program
}

// leave takes a pass that has ended out of the view.
func (v *liveView) leave(id runid.ID) { v.start().Send(leaveMsg(id)) }

// showNote shows a line until the view closes. Without a view the line is printed.
func (v *liveView) showNote(line string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.program == nil || v.isClosed() {
		LinePrinter(v.logs, v.tr)(line)
		return
	}
	v.program.Send(noteMsg(v.tr.Translate(line)))
}

// isClosed reports whether the view has been on the screen and no longer is.
func (v *liveView) isClosed() bool {
	select {
	case <-v.done:
		return true
	default:
		return false
	}
}

// close removes the view from the screen.
func (v *liveView) close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.program == nil {
		return
	}
	v.program.Send(endMsg{})
	<-v.done
	for _, restore := range v.restores {
		restore()
	}
}

// viewWriter writes whole lines above a view, where they stay. After the view has
// ended it writes to fallback.
type viewWriter struct {
	program  *tea.Program
	done     <-chan struct{}
	fallback io.Writer
	tr       *catalog.Translator
	plain    bool
}

func (w *viewWriter) Write(p []byte) (int, error) {
	text := strings.TrimRight(string(p), "\n")
	if w.plain {
		text = ansi.Strip(text)
	}
	printed := make(chan struct{})
	go func() {
		defer RecoverExit(os.Stderr, w.tr)
		w.program.Println(text) // never returns if the view has ended
		close(printed)
	}()
	select {
	case <-printed:
		return len(p), nil
	case <-w.done:
	}
	select { // the view may have ended after it printed
	case <-printed:
		return len(p), nil
	default:
		return w.fallback.Write(p)
	}
}
