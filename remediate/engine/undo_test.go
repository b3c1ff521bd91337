package engine_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/profiles"
	"github.com/nodeimage/packer-plugin-harden/remediate/engine"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/journal"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
)

// stateOf describes everything of a tree that undo promises to bring back: what stands where, its content,
// owner, mode, extended attributes, time and hard links. The times of directories are not among it.
func stateOf(t testing.TB, f *hosttest.Fake) map[string]string {
	t.Helper()
	state := map[string]string{}
	err := filepath.WalkDir(f.Dir(), func(file string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		path := "/" + strings.TrimPrefix(strings.TrimPrefix(file, f.Dir()), "/")
		n, err := f.Node(path)
		if err != nil {
			return err
		}
		what := fmt.Sprintf("%v %d:%d %q to %q", n.Mode, n.UID, n.GID, n.Xattrs, n.Target)
		if !n.Mode.IsDir() {
			what += fmt.Sprintf(" of %d names, %d bytes of %s", n.Links, n.Size, n.ModTime)
		}
		if n.Mode.IsRegular() { // a file is put back itself, a unit's link is made again
			what += fmt.Sprintf(" inode %d", n.Inode)
			content, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			what += fmt.Sprintf(" sha256 %x", sha256.Sum256(content))
		}
		state[path] = what
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return state
}

var kept = engine.Options{Require: engine.RequirePersisted, Now: now, Journal: journal.Options{Keep: true}}

// undoAll takes back every recorded run, the last one first, and wants nothing to be left.
func undoAll(t interface{ Fatalf(string, ...any) }, f host.Writer) {
	for {
		runs, err := journal.Runs(f)
		if err != nil {
			t.Fatalf("cannot list the runs: %v", err)
		}
		if len(runs) == 0 {
			return
		}
		result, err := journal.Undo(context.Background(), f, journal.UndoOptions{})
		if err != nil || len(result.Left) > 0 {
			t.Fatalf("cannot undo: %v, left %+v", err, result.Left)
		}
	}
}

// TestUndoRestoresEveryTree applies every case of the kinds' testdata and takes it back.
func TestUndoRestoresEveryTree(t *testing.T) {
	cases, err := filepath.Glob("../resource/testdata/trees/*/*/rule.hcl")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases (%v)", err)
	}
	for _, file := range cases {
		dir := filepath.Dir(file)
		t.Run(strings.TrimPrefix(filepath.ToSlash(dir), "../resource/testdata/trees/"), func(t *testing.T) {
			f := hosttest.Tree(t, filepath.Join(dir, "in"))
			applyUndoApply(t, f, treeProfile(t, dir, f))
		})
	}
}

// TestUndoRestoresWholeProfiles does so with all rules of the shipped profiles at once.
func TestUndoRestoresWholeProfiles(t *testing.T) {
	for shape, names := range map[string][]string{
		"ubuntu-24.04":   {"aks-ubuntu-24.04", "cis-ubuntu-24.04"},
		"azurelinux-3.0": {"aks-azurelinux-3.0", "cis-azurelinux-3.0"},
	} {
		for _, name := range names {
			t.Run(name, func(t *testing.T) {
				f := hosttest.Tree(t, shapeOf(t, shape))
				// The shapes are laid over a Debian, which has the modules.
				for _, module := range []string{"umask", "faillock", "pwquality", "pwhistory", "wheel"} {
					f.Write("/usr/lib64/security/pam_"+module+".so", "")
					f.Write("/usr/lib/security/pam_"+module+".so", "")
				}
				p, err := profile.Load(profile.Options{Library: profiles.FS, Profiles: []string{name}})
				if err != nil {
					t.Fatal(err)
				}
				applyUndoApply(t, f, p)
			})
		}
	}
}

// shapeOf puts together what the releases of a system share and what is one's own.
func shapeOf(t *testing.T, shape string) string {
	t.Helper()
	dir := t.TempDir()
	system, _, _ := strings.Cut(shape, "-")
	for _, part := range []string{system, shape} {
		if err := os.CopyFS(dir, os.DirFS("../../examples/lab/shapes/"+part)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func applyUndoApply(t *testing.T, f *hosttest.Fake, p *profile.Profile) {
	t.Helper()
	before := stateOf(t, f)
	first := apply(t, f, p)
	applied := contentOf(t, f)
	undoAll(t, f)
	if diff := cmp.Diff(before, stateOf(t, f)); diff != "" {
		t.Errorf("apply and undo (-before +after):\n%s", diff)
	}
	second := apply(t, f, p)
	if !slices.Equal(first, second) {
		t.Errorf("after undo, apply made\n%q\nand before\n%q", second, first)
	}
	if diff := cmp.Diff(applied, contentOf(t, f)); diff != "" {
		t.Errorf("apply, undo and apply (-first +second):\n%s", diff)
	}
}

func apply(t *testing.T, f *hosttest.Fake, p *profile.Profile) []string {
	t.Helper()
	done, err := engine.Apply(t.Context(), p, f, kept)
	if err != nil {
		t.Fatalf("cannot apply: %v", err)
	}
	var steps []string
	for _, s := range done.Steps {
		steps = append(steps, s.Target+": "+s.Action()+"\n"+s.Diff())
	}
	return steps
}

// contentOf is the tree without times and inodes, which two applies cannot share, and without the journal and
// the boot loader's random password.
func contentOf(t *testing.T, f *hosttest.Fake) map[string]string {
	t.Helper()
	state := map[string]string{}
	for path := range stateOf(t, f) {
		n, err := f.Node(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(path, host.StateDir+"/") || path == host.StateDir {
			continue
		}
		state[path] = fmt.Sprintf("%v %d:%d %s", n.Mode, n.UID, n.GID, n.Target)
		if n.Mode.IsRegular() {
			if content := f.Read(path); !strings.Contains(content, "grub.pbkdf2") {
				state[path] += content
			}
		}
	}
	return state
}

// TestUndoRestoresDrawnTrees draws the tree, what is odd about it, and rules of all kinds.
func TestUndoRestoresDrawnTrees(t *testing.T) {
	cases, err := filepath.Glob("../resource/testdata/trees/*/*/rule.hcl")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases (%v)", err)
	}
	applied := 0
	rapid.Check(t, func(rt *rapid.T) {
		drawn := rapid.SliceOfNDistinct(rapid.SampledFrom(cases), 1, 6, rapid.ID).Draw(rt, "cases")
		f := hosttest.Tree(t, filepath.Join(filepath.Dir(drawn[0]), "in"))
		p := &profile.Profile{Name: "drawn"}
		for i, file := range drawn {
			src, err := os.ReadFile(file)
			if err != nil {
				rt.Fatal(err)
			}
			info := f.Info()
			resources, err := profile.Resources(file, src, profile.Platform{OS: info.OS, Version: info.Version})
			if err != nil {
				continue // a kind that this platform does not have
			}
			p.Rules = append(p.Rules, profile.Rule{ID: fmt.Sprint("r", i), Title: "drawn", Resources: resources})
		}
		makeOdd(t, rt, f)
		before := stateOf(t, f)
		done, err := engine.Apply(context.Background(), p, f, kept)
		if err == nil && len(done.Steps) > 0 {
			applied++
		}
		// Rules that contradict each other are refused, and then there is nothing to undo.
		undoAll(rt, f)
		if diff := cmp.Diff(before, stateOf(t, f)); diff != "" {
			rt.Fatalf("apply of %q (%v) and undo (-before +after):\n%s", drawn, err, diff)
		}
	})
	if applied < 20 {
		t.Errorf("only %d of the drawn trees were changed", applied)
	}
}

// makeOdd gives files modes, owners, other hard links and symbolic links to them.
func makeOdd(t *testing.T, rt *rapid.T, f *hosttest.Fake) {
	t.Helper()
	var files []string
	for path := range stateOf(t, f) {
		if n, err := f.Node(path); err == nil && n.Mode.IsRegular() {
			files = append(files, path)
		}
	}
	slices.Sort(files)
	for i := range rapid.IntRange(0, min(4, len(files))).Draw(rt, "odd files") {
		file := rapid.SampledFrom(files).Draw(rt, "file")
		switch rapid.IntRange(0, 2).Draw(rt, "how") {
		case 0:
			mode := rapid.SampledFrom([]fs.FileMode{0o600, 0o666, 0o4755 &^ 0o4000, fs.ModeSetuid | 0o755}).Draw(rt, "mode")
			f.Chattr(file, mode, rapid.IntRange(0, 3).Draw(rt, "owner"), rapid.IntRange(0, 3).Draw(rt, "group"))
		case 1:
			if err := os.Link(f.Dir()+file, fmt.Sprintf("%s%s.link%d", f.Dir(), filepath.Dir(file)+"/x", i)); err != nil {
				rt.Fatal(err)
			}
		case 2:
			real := fmt.Sprintf("/srv/real%d", i)
			f.Mkdir("/srv")
			if err := os.Rename(f.Dir()+file, f.Dir()+real); err != nil {
				rt.Fatal(err)
			}
			f.Link(file, real)
			files = slices.DeleteFunc(files, func(s string) bool { return s == file })
		}
	}
}
