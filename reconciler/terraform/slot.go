package terraform

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/terraform-exec/tfexec"
)

// slot is a terraform-exec instance that sessions use one after the other.
// An instance is bound to one directory and asks the program for its version
// before its first command, which costs a sixth of a small workspace's cycle.
// So the directory is a link that is pointed at each session's workspace in
// turn. (Terraform sees the real path: it asks the kernel where it is.)
type slot struct {
	link string
	exec *tfexec.Terraform
}

// take returns an idle slot, pointed at dir.
func (t *Terraform) take(dir string) (*slot, error) {
	s, err := t.idleSlot()
	if err != nil {
		return nil, err
	}
	if err := s.point(dir); err != nil {
		t.give(s)
		return nil, err
	}
	return s, nil
}

func (t *Terraform) idleSlot() (*slot, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := len(t.idle); n > 0 {
		s := t.idle[n-1]
		t.idle = t.idle[:n-1]
		return s, nil
	}
	t.slots++
	return newSlot(filepath.Join(t.run, fmt.Sprintf("slot-%d", t.slots)), t.binary)
}

func newSlot(link, binary string) (*slot, error) {
	s := &slot{link: link}
	if err := s.point(filepath.Dir(link)); err != nil {
		return nil, err
	}
	exec, err := tfexec.NewTerraform(link, binary)
	if err != nil {
		return nil, err
	}
	s.exec = exec
	return s, nil
}

// give takes back a slot whose processes are all gone.
func (t *Terraform) give(s *slot) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.idle = append(t.idle, s)
}

func (s *slot) point(dir string) error {
	if err := os.Remove(s.link); err != nil && !os.IsNotExist(err) {
		return err
	}
	return os.Symlink(dir, s.link)
}
