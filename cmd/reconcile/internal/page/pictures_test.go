package page

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"reconcile/cmd/reconcile/internal/page/browsertest"
	"reconcile/cmd/reconcile/internal/page/target"
)

// Pictures of pages stand in docs. Beside them stand the hashes of the HTML and the assets
// that they were made from.
const (
	picturesDir    = "../../../../docs/pictures"
	picturesList   = "pages.sha256"
	maxPictureSize = 200_000
	pictureHeight  = 1200
)

// pictures are the pages that are drawn, by the names of their pictures.
var pictures = map[string]string{
	"page-overview": "en/" + overviewFile, "page-workspace": "en/" + WorkspacePath("database"), "page-run": "en/" + runPath(exampleRun(5)),
	"page-overview-ja": "ja/" + overviewFile,
}

// The pictures in docs show the pages as they are.
func TestPicturesAreCurrent(t *testing.T) {
	t.Parallel()
	had, err := os.ReadFile(filepath.Join(picturesDir, picturesList))
	if err != nil {
		t.Fatal(err)
	}
	if want := hashPictures(renderAll(t, newExampleModel())); string(had) != want {
		t.Errorf("pages have changed: run `make pictures` and look at them in docs/pictures:\n%swant:\n%s", had, want)
	}
	for name := range pictures {
		if text, err := os.ReadFile(filepath.Join(picturesDir, name+".png")); err != nil || len(text) > maxPictureSize {
			t.Errorf("%s.png has %d bytes, and may have %d (%v)", name, len(text), maxPictureSize, err)
		}
	}
}

// reduceColours returns a picture with the 256 colours that it has most of: a third of the
// bytes, and text looks the same.
func reduceColours(picture image.Image) *image.Paletted {
	counts := map[color.Color]int{}
	bounds := picture.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			counts[color.RGBAModel.Convert(picture.At(x, y))]++
		}
	}
	colours := slices.SortedFunc(maps.Keys(counts), func(a, b color.Color) int {
		return cmp.Or(counts[b]-counts[a], strings.Compare(fmt.Sprint(a), fmt.Sprint(b)))
	})
	reduced := image.NewPaletted(bounds, colours[:min(len(colours), 256)])
	draw.Draw(reduced, bounds, picture, bounds.Min, draw.Src)
	return reduced
}

// hashPictures returns the content of picturesList.
func hashPictures(files map[string]string) string {
	var list strings.Builder
	for _, name := range slices.Sorted(maps.Keys(pictures)) {
		sum := sha256.Sum256([]byte(files[pictures[name]])) // it names its assets by their hashes
		list.WriteString(hex.EncodeToString(sum[:]) + "  " + name + ".png\n")
	}
	return list.String()
}

// TestDrawPictures draws the pictures again: `make pictures`.
func TestDrawPictures(t *testing.T) {
	t.Parallel()
	b := browsertest.Open(t)
	files := renderAll(t, newExampleModel())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", target.ContentType(r.URL.Path))
		_, _ = w.Write([]byte(files[strings.TrimPrefix(r.URL.Path, "/")])) // an empty page has no #main
	}))
	defer server.Close()
	dir := os.Getenv("PICTURES")
	for name, path := range pictures {
		v := browsertest.View{URL: server.URL + "/" + path, Width: 1100}
		b.Check(t, v)
		if dir == "" {
			continue
		}
		var drawn []byte
		b.Run(t, chromedp.ActionFunc(func(ctx context.Context) (err error) {
			height := browsertest.Evaluate[float64](t, b, `Math.ceil(document.body.getBoundingClientRect().height)`)
			drawn, err = page.CaptureScreenshot().WithCaptureBeyondViewport(true).WithClip(&page.Viewport{Width: 1100, Height: min(height, pictureHeight), Scale: 1}).Do(ctx)
			return err
		}))
		picture, err := png.Decode(bytes.NewReader(drawn))
		if err != nil {
			t.Fatal(err)
		}
		var small bytes.Buffer
		if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, reduceColours(picture)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".png"), small.Bytes(), 0o644); err != nil { // #nosec G306 -- a picture for all
			t.Fatal(err)
		}
	}
	if dir != "" {
		if err := os.WriteFile(filepath.Join(dir, picturesList), []byte(hashPictures(files)), 0o644); err != nil { // #nosec G306 -- as above
			t.Fatal(err)
		}
	}
}
