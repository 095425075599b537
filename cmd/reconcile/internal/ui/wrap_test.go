package ui

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Where a text has no room beside its label, it stands below it.
func TestLabelsOnNarrowTerminals(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	out.WriteString("✓ ")
	PrintHanging(&out, 30, 2, PadRight("rollout alarms", 14)+"  ", "no workspace is applied in steps")
	PrintWrapped(&out, 30, strings.Repeat(" ", 18)+"→ ", "fix them in Git and merge that")
	PrintWrapped(&out, 30, "      --git-credentials string   ", "how Git is asked, by 人 and machine")
	PrintWrapped(&out, 30, "  --why   ", "the reason to keep in the record")
	want := `✓ rollout alarms
    no workspace is applied in
    steps
    → fix them in Git and
      merge that
  --git-credentials string
    how Git is asked, by 人
    and machine
  --why   the reason to keep
          in the record
`
	if d := cmp.Diff(want, out.String()); d != "" {
		t.Error(d)
	}
}

// A wide example can still be copied: its remark is above it, its words are whole.
func TestExamplesOnNarrowTerminals(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	PrintExample(&out, 30, "  reconcile init   # in a clone: write the first settings")
	PrintExample(&out, 30, "  reconcile now tokyo --at-once --why 'Tokyo is down'")
	PrintExample(&out, 30, "  reconcile now   # one pass")
	want := `  # in a clone: write the
    first settings
  reconcile init
  reconcile now tokyo \
    --at-once --why \
    'Tokyo is down'
  reconcile now   # one pass
`
	if d := cmp.Diff(want, out.String()); d != "" {
		t.Error(d)
	}
}
