package similar

import "testing"

func TestMisspelt(t *testing.T) {
	t.Parallel()
	known := []string{"tokyo", "osaka", "tokyo-ap-A", "tokyo-ap-B", "common"}
	for name, want := range map[string]string{
		"tokio": "tokyo", "comon": "common", "tokyo-ap-C": "tokyo-ap-A", "Tokyo": "tokyo", "nagoya-db": "", "x": "", "ko-ty": "", "tkyoo": "tokyo", "ymc": "", "onmcmo": "common",
	} {
		if got := FindCorrection(name, known); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if got := FindNearest("x", nil); got != "" {
		t.Errorf("without candidates: %q", got)
	}
	if got := FindNearest("nagoya-db", known); got == "" {
		t.Error("no candidate is nearest")
	}
}
