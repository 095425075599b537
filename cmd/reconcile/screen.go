package main

import (
	"io"
	"os"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"reconcile/reconciler"
)

// screen runs a live view from its first event on: a pass with nothing to do
// draws none.
type screen struct {
	report *report
	title  string
	out    *os.File
	logs   *logWriter

	mu      sync.Mutex
	program *tea.Program
	done    chan struct{} // closed when the view is off the screen
	undo    []func()
}

// observe draws an event; what became of a workspace stays above the view.
func (s *screen) observe(e reconciler.Event) {
	program := s.start()
	s.report.observe(e)
	program.Send(liveStep{event: e, at: time.Now()})
}

func (s *screen) start() *tea.Program {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.program != nil {
		return s.program
	}
	s.program = tea.NewProgram(newLive(s.title, time.Now()),
		tea.WithInput(nil), tea.WithOutput(s.out), tea.WithoutSignalHandler())
	s.done = make(chan struct{})
	go func() {
		defer guard(os.Stderr)
		defer close(s.done)
		_, _ = s.program.Run() // a view that cannot be drawn is no reason to fail the pass
	}()
	s.undo = []func(){
		withoutEcho(s.out),
		s.report.divert(&above{s.program, s.done, s.report.out}),
		s.logs.divert(&above{s.program, s.done, os.Stderr}),
	}
	return s.program
}

// say shows a line until the end.
func (s *screen) say(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.program == nil {
		tell(s.logs)(line)
		return
	}
	s.program.Send(liveNote(line))
}

// end takes the view off the screen.
func (s *screen) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.program == nil {
		return
	}
	s.program.Send(liveEnd{})
	<-s.done
	for _, undo := range s.undo {
		undo()
	}
}

// above writes whole lines above a view, where they stay; when the view has
// come to an end, to where they would have gone without it.
type above struct {
	program *tea.Program
	done    <-chan struct{}
	without io.Writer
}

func (a *above) Write(p []byte) (int, error) {
	text := strings.TrimRight(string(p), "\n")
	said := make(chan struct{})
	go func() {
		defer guard(os.Stderr)
		a.program.Println(text) // blocks for ever when the view has ended
		close(said)
	}()
	select {
	case <-said:
		return len(p), nil
	case <-a.done:
		return a.without.Write(p)
	}
}
