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
func (s *liveView) observe(e run.Event) {
	s.start().Send(eventMsg{event: e, time: time.Now()})
}

func (s *liveView) start() *tea.Program {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.program != nil {
		return s.program
	}
	s.program = tea.NewProgram(newLiveModel(s.title, s.tr, s.plain, time.Now()),
		tea.WithInput(nil), tea.WithOutput(s.out), tea.WithoutSignalHandler())
	s.done = make(chan struct{})
	go func() {
		defer RecoverExit(os.Stderr, s.tr)
		defer close(s.done)
		_, _ = s.program.Run() // a view that cannot be drawn must not fail the pass
	}()
	s.restores = []func(){
		disableEcho(s.out),
		s.lines.redirect(&viewWriter{s.program, s.done, s.lines.w, s.tr, s.plain}),
		s.logs.redirect(&viewWriter{s.program, s.done, os.Stderr, s.tr, s.plain}),
	}
	return s.program
}

// leave takes a pass that has ended out of the view.
func (s *liveView) leave(id runid.ID) { s.start().Send(leaveMsg(id)) }

// showNote shows a line until the view closes.
func (s *liveView) showNote(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.program == nil {
		LinePrinter(s.logs, s.tr)(line)
		return
	}
	s.program.Send(noteMsg(s.tr.Translate(line)))
}

// close removes the view from the screen.
func (s *liveView) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.program == nil {
		return
	}
	s.program.Send(endMsg{})
	<-s.done
	for _, restore := range s.restores {
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

func (a *viewWriter) Write(p []byte) (int, error) {
	text := strings.TrimRight(string(p), "\n")
	if a.plain {
		text = ansi.Strip(text)
	}
	printed := make(chan struct{})
	go func() {
		defer RecoverExit(os.Stderr, a.tr)
		a.program.Println(text) // never returns if the view has ended
		close(printed)
	}()
	select {
	case <-printed:
		return len(p), nil
	case <-a.done:
		return a.fallback.Write(p)
	}
}
