//go:build authority

package host_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Random unit files and random actions leave the same links behind as systemctl --root, and fail
// where it fails. What an action that fails halfway leaves is not compared: ours leaves nothing.
func TestUnitsAreEnabledAsSystemctlDoes(t *testing.T) {
	if _, err := exec.LookPath("systemctl"); err != nil {
		t.Fatal(err)
	}
	base := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		ours, theirs := filepath.Join(base, fmt.Sprint(n), "ours"), filepath.Join(base, fmt.Sprint(n), "theirs")
		drawUnits(rt).write(t, ours)
		if out, err := exec.Command("cp", "-a", ours, theirs).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		h, err := host.OpenRoot(ours)
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		for range rapid.IntRange(1, 4).Draw(rt, "actions") {
			name := rapid.SampledFrom(unitNames).Draw(rt, "unit")
			action := rapid.SampledFrom([]rule.UnitAction{
				rule.EnableUnit, rule.DisableUnit, rule.MaskUnit, rule.UnmaskUnit,
			}).Draw(rt, "action")
			if action == rule.MaskUnit && name == "d@x.service" {
				name = "d@.service" // see removeLinks: the one thing that is done otherwise
			}
			ourErr := h.ChangeUnit(context.Background(), name, action)
			out, theirErr := exec.Command("systemctl", "--root="+theirs, string(action), name).CombinedOutput()
			// systemctl calls it a success to enable a unit that cannot be enabled, and sometimes a
			// template that lacks its instance.
			failed := theirErr != nil || strings.Contains(string(out), "no installation config") ||
				strings.Contains(string(out), "is a non-template unit")
			if (ourErr != nil) != failed {
				rt.Fatalf("%s %s: ours: %v, systemctl: %v: %s", action, name, ourErr, theirErr, out)
			}
			if failed {
				return
			}
			if got, want := links(t, ours), links(t, theirs); got != want {
				rt.Fatalf("%s %s left\n%swant\n%ssystemctl said: %s", action, name, got, want, out)
			}
		}
	})
}

var unitNames = []string{"a.service", "b.service", "c.socket", "d@.service", "d@x.service", "e.service", "gone.service"}

type units map[string]string // path to content, or to "-> target"

func drawUnits(t *rapid.T) units {
	u := units{}
	for _, name := range []string{"a.service", "b.service", "c.socket", "d@.service", "e.service"} {
		dir := rapid.SampledFrom([]string{"/usr/lib/systemd/system/", "/usr/lib/systemd/system/", "/etc/systemd/system/", ""}).Draw(t, "directory of "+name)
		if dir == "" {
			continue
		}
		other := rapid.SampledFrom([]string{"", "", "", "", "-> a.service", "-> /dev/null"}).Draw(t, "kind of "+name)
		if other != "" && !(strings.HasSuffix(name, "b.service") || strings.HasSuffix(other, "null")) {
			other = ""
		}
		if strings.HasSuffix(other, "a.service") {
			other = "-> /usr/lib/systemd/system/a.service"
			u["/usr/lib/systemd/system/a.service"] = u.file(t, "a.service")
		}
		if other == "" {
			other = u.file(t, name)
		}
		u[dir+name] = other
		if rapid.IntRange(0, 4).Draw(t, "drop-in of "+name) == 0 {
			u["/etc/systemd/system/"+name+".d/x.conf"] = "[Install]\nWantedBy=dropped.target\n"
		}
	}
	for _, k := range []string{"a.service", "gone.service", "d@y.service", "other.service"} {
		if rapid.IntRange(0, 4).Draw(t, "stray link "+k) == 0 {
			u["/etc/systemd/system/stray.target.wants/"+k] = "-> /usr/lib/systemd/system/" +
				rapid.SampledFrom([]string{"a.service", "gone.service", "d@.service"}).Draw(t, "where "+k+" leads")
		}
	}
	return u
}

func (u units) file(t *rapid.T, name string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[Unit]\nDescription=%s\n[Service]\nExecStart=/bin/true\n[Install]\n", name)
	setting := func(key string, values ...string) {
		for range rapid.IntRange(0, 1).Draw(t, key+" of "+name) {
			fmt.Fprintf(&b, "%s=%s\n", key, strings.Join(rapid.SliceOfNDistinct(rapid.SampledFrom(values), 1, 2, rapid.ID).Draw(t, key), " "))
		}
	}
	setting("WantedBy", "multi-user.target", "graphical.target", "x-%i.target", "%p.target", "%N-%j.target", "t@.target")
	setting("RequiredBy", "req.target", "%n.target")
	setting("Also", "a.service", "b.service", "c.socket", "gone.service", "d@x.service")
	switch {
	case strings.HasPrefix(name, "d@"):
		setting("DefaultInstance", "tty1")
		setting("Alias", "dd@.service", "auto-%i.service")
	case strings.HasSuffix(name, ".socket"):
		setting("Alias", "alias.socket", "b.service")
	default:
		setting("Alias", "alias1.service", "alias2.service", "dbus-%p.service", "bad@.service")
	}
	return b.String()
}

func (u units) write(t *testing.T, dir string) {
	t.Helper()
	for _, d := range []string{"/usr/lib/systemd/system", "/etc/systemd/system"} {
		if err := os.MkdirAll(dir+d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for path, content := range u {
		if err := os.MkdirAll(filepath.Dir(dir+path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, ok := strings.CutPrefix(content, "-> "); ok {
			err = os.Symlink(target, dir+path)
		} else {
			err = os.WriteFile(dir+path, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// links lists the links below /etc.
func links(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir+"/etc", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.Type()&os.ModeSymlink == 0 {
			return err
		}
		target, err := os.Readlink(path)
		fmt.Fprintf(&b, "  %s -> %s\n", strings.TrimPrefix(path, dir), target)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
