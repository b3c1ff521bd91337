package engine_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nodeimage/packer-plugin-harden/profiles"
	"github.com/nodeimage/packer-plugin-harden/remediate/engine"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
)

// BenchmarkCheck looks at a whole profile over the files that a shape of the lab consists of. The floor
// is what no check can beat: reading each of those files once. The ratio of the two is what to watch.
func BenchmarkCheck(b *testing.B) {
	tree := b.TempDir()
	for _, shape := range []string{"ubuntu", "ubuntu-24.04"} { // what the releases share, and what is this one's
		if err := os.CopyFS(tree, os.DirFS("../../examples/lab/shapes/"+shape)); err != nil {
			b.Fatal(err)
		}
	}
	p, err := profile.Load(profile.Options{Library: profiles.FS, Profiles: []string{"aks-ubuntu-24.04"}})
	if err != nil {
		b.Fatal(err)
	}
	h, err := host.OpenRoot(tree)
	if err != nil {
		b.Fatal(err)
	}
	defer h.Close()
	var files []string
	err = filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	var checking, reading time.Duration
	for b.Loop() {
		start := time.Now()
		if _, err := engine.Check(b.Context(), p, h, engine.Options{Require: engine.RequirePersisted, Now: start}); err != nil {
			b.Fatal(err)
		}
		middle := time.Now()
		for _, f := range files {
			if _, err := os.ReadFile(f); err != nil {
				b.Fatal(err)
			}
		}
		checking += middle.Sub(start)
		reading += time.Since(middle)
	}
	b.ReportMetric(float64(checking)/float64(reading), "x-reading-each-file")
}
