package host_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

func TestOpenRootSaysWhatTheMachineIs(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  host.Info
	}{
		"as /etc/os-release has it": {
			files: map[string]string{"/etc/os-release": "ID=ubuntu\nVERSION_ID=\"24.04\"\nPRETTY_NAME=\"Ubuntu 24.04.3 LTS\"\n"},
			want:  host.Info{OS: "ubuntu", Version: "24.04", Name: "Ubuntu 24.04.3 LTS", Arch: "unknown", Mode: host.ModeRoot},
		},
		"through an absolute link": {
			files: map[string]string{"/etc/os-release": "-> /usr/lib/os-release", "/usr/lib/os-release": "ID=azurelinux\nVERSION_ID=3.0\n"},
			want:  host.Info{OS: "azurelinux", Version: "3.0", Arch: "unknown", Mode: host.ModeRoot},
		},
		"as /usr/lib/os-release has it when the other is absent": {
			files: map[string]string{"/usr/lib/os-release": "NAME=Thing\nVERSION=1\n"},
			want:  host.Info{OS: "linux", Name: "Thing 1", Arch: "unknown", Mode: host.ModeRoot},
		},
		"nothing when none is there": {want: host.Info{Arch: "unknown", Mode: host.ModeRoot}},
		"with the architecture of its programs": {
			files: map[string]string{"/usr/bin/true": "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x03\x00\xb7\x00\x01" + strings.Repeat("\x00", 43)},
			want:  host.Info{Arch: "arm64", Mode: host.ModeRoot},
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := openFiles(t, c.files)
			if got := h.Info(); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestOpenRootRefusesAnOSReleaseThatItCannotRead(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/os-release", "ID=\"ubuntu\n")
	if _, err := host.OpenRoot(f.Dir()); err == nil || err.Error() != "/etc/os-release:1: quote is not closed" {
		t.Errorf("got %v", err)
	}
	if _, err := host.OpenRoot(filepath.Join(f.Dir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestAnOfflineRootHasNothingThatRuns(t *testing.T) {
	h := openFiles(t, nil)
	if h.Running() != nil || h.Programs() != nil {
		t.Error("something runs")
	}
	ctx := context.Background()
	for want, err := range map[string]error{
		"cannot set running sysctl a/b: nothing runs in an offline root":   h.SetSysctl("a/b", "1"),
		"cannot unload module m: nothing runs in an offline root":          h.UnloadModule("m"),
		"cannot remount /tmp: nothing runs in an offline root":             h.Remount("/tmp", []string{"nodev"}),
		"cannot start unit a.service: nothing runs in an offline root":     h.ChangeUnit(ctx, "a.service", rule.StartUnit),
		"cannot stop unit a.service: nothing runs in an offline root":      h.ChangeUnit(ctx, "a.service", rule.StopUnit),
		"cannot mask unit ../a.service: not a unit name":                   h.ChangeUnit(ctx, "../a.service", rule.MaskUnit),
		"cannot mask unit a: not a unit name":                              h.ChangeUnit(ctx, "a", rule.MaskUnit),
		"cannot enable unit a.service: no unit file of that name: file do": h.ChangeUnit(ctx, "a.service", rule.EnableUnit),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestUnitsAreChangedByLinks(t *testing.T) {
	const ssh = "[Install]\nWantedBy=multi-user.target\nAlias=sshd.service\n"
	type step struct {
		name   string
		action rule.UnitAction
	}
	for name, c := range map[string]struct {
		files map[string]string
		steps []step
		want  map[string]string
		err   string
	}{
		"enabled with its alias": {
			files: map[string]string{"/usr/lib/systemd/system/ssh.service": ssh},
			steps: []step{{"ssh.service", rule.EnableUnit}, {"ssh.service", rule.EnableUnit}},
			want: map[string]string{
				"/etc/systemd/system/multi-user.target.wants/ssh.service": "/usr/lib/systemd/system/ssh.service",
				"/etc/systemd/system/sshd.service":                        "/usr/lib/systemd/system/ssh.service",
			},
		},
		"disabled by its alias": {
			files: map[string]string{"/usr/lib/systemd/system/ssh.service": ssh},
			steps: []step{{"ssh.service", rule.EnableUnit}, {"sshd.service", rule.DisableUnit}},
			want:  map[string]string{},
		},
		"masked without being installed": {
			steps: []step{{"rpcbind.socket", rule.MaskUnit}, {"rpcbind.socket", rule.MaskUnit}},
			want:  map[string]string{"/etc/systemd/system/rpcbind.socket": "/dev/null"},
		},
		"unmasked": {
			steps: []step{{"a.service", rule.MaskUnit}, {"a.service", rule.UnmaskUnit}, {"a.service", rule.UnmaskUnit}},
			want:  map[string]string{},
		},
		"masked stays masked when disabled": {
			files: map[string]string{"/usr/lib/systemd/system/ssh.service": ssh},
			steps: []step{{"ssh.service", rule.MaskUnit}, {"ssh.service", rule.DisableUnit}},
			want:  map[string]string{"/etc/systemd/system/ssh.service": "/dev/null"},
		},
		"a link of the other library directory is the same": {
			files: map[string]string{
				"/lib":                                "-> usr/lib",
				"/usr/lib/systemd/system/ssh.service": ssh,
				"/etc/systemd/system/sshd.service":    "-> /lib/systemd/system/ssh.service",
			},
			steps: []step{{"ssh.service", rule.EnableUnit}},
			want: map[string]string{
				"/etc/systemd/system/multi-user.target.wants/ssh.service": "/usr/lib/systemd/system/ssh.service",
				"/etc/systemd/system/sshd.service":                        "/lib/systemd/system/ssh.service",
			},
		},
		"a template is enabled with its default instance": {
			files: map[string]string{"/usr/lib/systemd/system/getty@.service": "[Install]\nWantedBy=getty.target\nDefaultInstance=tty1\n"},
			steps: []step{{"getty@.service", rule.EnableUnit}},
			want:  map[string]string{"/etc/systemd/system/getty.target.wants/getty@tty1.service": "/usr/lib/systemd/system/getty@.service"},
		},
		"a hostile target leads nowhere": {
			files: map[string]string{"/usr/lib/systemd/system/a.service": "[Install]\nWantedBy=../../../x.target\n"},
			steps: []step{{"a.service", rule.EnableUnit}},
			err:   "cannot enable unit a.service: /usr/lib/systemd/system/a.service: WantedBy=../../../x.target is not a unit name",
		},
		"a unit without an install section": {
			files: map[string]string{"/usr/lib/systemd/system/a.service": "[Unit]\nWantedBy=x.target\n"},
			steps: []step{{"a.service", rule.EnableUnit}},
			err:   "cannot enable unit a.service: its unit file has no [Install] settings that enable it",
		},
		"aliases in a circle": {
			files: map[string]string{
				"/usr/lib/systemd/system/a.service": "-> b.service",
				"/usr/lib/systemd/system/b.service": "-> a.service",
			},
			steps: []step{{"a.service", rule.EnableUnit}},
			err:   "cannot enable unit a.service: cannot resolve /usr/lib/systemd/system/a.service: too many levels of symbolic links",
		},
		"a file of the administrator is not masked": {
			files: map[string]string{"/etc/systemd/system/a.service": ssh},
			steps: []step{{"a.service", rule.MaskUnit}},
			err:   "cannot mask unit a.service: /etc/systemd/system/a.service stands in the way",
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := openFiles(t, c.files)
			var err error
			for _, s := range c.steps {
				if err = h.ChangeUnit(context.Background(), s.name, s.action); err != nil {
					break
				}
			}
			if c.err != "" {
				if err == nil || err.Error() != c.err {
					t.Errorf("got %v, want %s", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			linksBelow(t, h, "/etc", got)
			for path, target := range got {
				if c.want[path] != target {
					t.Errorf("%s leads to %s, want %q", path, target, c.want[path])
				}
			}
			if len(got) != len(c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func linksBelow(t *testing.T, files host.Files, dir string, found map[string]string) {
	t.Helper()
	entries, err := files.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		path := dir + "/" + e.Name()
		if e.IsDir() {
			linksBelow(t, files, path, found)
		} else if e.Type()&fs.ModeSymlink != 0 {
			if found[path], err = files.Readlink(path); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// openFiles opens a root that holds the files; content "-> x" makes a link to x.
func openFiles(t *testing.T, files map[string]string) *host.Offline {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(dir+"/etc", 0o755); err != nil {
		t.Fatal(err)
	}
	for path, content := range files {
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
	h, err := host.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}
