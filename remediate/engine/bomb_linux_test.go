//go:build authority

package engine_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/pam"
	"github.com/nodeimage/packer-plugin-harden/remediate/config/shell"
	"github.com/nodeimage/packer-plugin-harden/remediate/config/sshd"
	"github.com/nodeimage/packer-plugin-harden/remediate/config/sudoers"
	"github.com/nodeimage/packer-plugin-harden/remediate/config/unitfile"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/root"
	"github.com/nodeimage/packer-plugin-harden/remediate/walk"
)

// TestFilesThatLeadInACircleEnd gives each reader that follows other files a circle: it ends soon, and says so.
func TestFilesThatLeadInACircleEnd(t *testing.T) {
	cases := map[string]struct {
		put  func(f *hosttest.Fake)
		read func(f *hosttest.Fake) (said string)
		want string
	}{
		"sshd: a glob that matches its own file": {
			func(f *hosttest.Fake) { f.Write("/etc/ssh/sshd_config", "Include /etc/ssh/*\n") },
			readSSHD, "nclude",
		},
		"sshd: two files that include each other": {
			func(f *hosttest.Fake) {
				f.Write("/etc/ssh/sshd_config", "Include /etc/ssh/a\n")
				f.Write("/etc/ssh/a", "Include /etc/ssh/b\nInclude /etc/ssh/b\n")
				f.Write("/etc/ssh/b", "Include /etc/ssh/[ab]\n")
			}, readSSHD, "nclude",
		},
		"PAM: three services in a circle": {
			func(f *hosttest.Fake) {
				for _, pair := range []string{"ab", "bc", "ca"} {
					f.Write("/etc/pam.d/"+pair[:1], strings.Repeat("auth include "+pair[1:]+"\n@include "+pair[1:]+"\n", 3))
				}
			}, func(f *hosttest.Fake) string {
				_, err := pam.Load(f, pam.Dialect{Debian: true}, "a")
				return fmt.Sprint(err)
			}, "includes in one service",
		},
		"sudoers: files and directories in a circle": {
			func(f *hosttest.Fake) {
				f.Write("/etc/sudoers", "@includedir /etc/sudoers.d\n@include /etc/sudoers.d/a\n")
				f.Write("/etc/sudoers.d/a", "@includedir /etc/sudoers.d\n@include /etc/sudoers\n")
				f.Write("/etc/sudoers.d/b", "@includedir /etc/sudoers.d\n@include a\n")
			}, func(f *hosttest.Fake) string {
				c, err := sudoers.Load(f)
				if err != nil {
					return err.Error()
				}
				return fmt.Sprint(c.Problems)
			}, "includes",
		},
		"shell: scripts that source themselves and each other": {
			func(f *hosttest.Fake) {
				f.Write("/etc/profile", "for i in /etc/profile.d/*.sh; do . $i; . /etc/profile; done\n")
				f.Write("/etc/profile.d/a.sh", ". /etc/profile.d/a.sh\n. /etc/profile.d/b.sh\n")
				f.Write("/etc/profile.d/b.sh", ". /etc/profile.d/a.sh\n. /etc/profile\n")
			}, readShell, "source",
		},
		"shell: a hundred thousand commands": {
			func(f *hosttest.Fake) { f.Write("/etc/profile", strings.Repeat("a=b; c=$a; umask 022\n", 33_000)) },
			readShell, "it does too much",
		},
		"systemd: aliases in a circle": {
			func(f *hosttest.Fake) {
				for _, pair := range []string{"ab", "bc", "ca"} {
					f.Link("/etc/systemd/system/"+pair[:1]+".service", pair[1:]+".service")
				}
			}, func(f *hosttest.Fake) string {
				_, err := unitfile.Look(f, "a.service")
				return fmt.Sprint(err)
			}, "too many links",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			c.put(f)
			began := time.Now()
			said := ""
			bounded(t, name, func() { said = c.read(f) })
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
			if !strings.Contains(said, c.want) {
				t.Errorf("it says %.300q, want something of %q", said, c.want)
			}
		})
	}
	t.Logf("figure: ways for files to lead in a circle, or on without end, that do end: %d", len(cases))
}

func readSSHD(f *hosttest.Fake) string {
	c, err := sshd.Load(f, sshd.Server{Version: sshd.Version{Major: 9, Minor: 6}})
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(c.Problems)
}

func readShell(f *hosttest.Fake) string {
	r, err := shell.Start(f, shell.Kind{Name: "bash, login", Bash: true, Login: true}, shell.Options{Mask: 0o022})
	return fmt.Sprint(r.Notes, err)
}

// crowd is a tmpfs with a directory of a million entries, and names that are no text in another.
func crowd(t *testing.T) *host.Offline {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=2g,nr_inodes=1100000"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	many := filepath.Join(dir, "etc/sysctl.d")
	if err := os.MkdirAll(many, 0o755); err != nil {
		t.Fatal(err)
	}
	first := filepath.Join(many, "0.conf")
	if err := os.WriteFile(first, []byte("a.b = 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for i := 1; i < 1_000_000; i++ { // links of one file cost the least
		if err := os.Link(first, fmt.Sprintf("%s/%d.conf", many, i)); err != nil {
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

// TestADirectoryOfAMillionEntries is refused where a whole directory is read, and walked where all is.
func TestADirectoryOfAMillionEntries(t *testing.T) {
	h := crowd(t)
	began := time.Now()
	if _, err := h.ReadDir("/etc/sysctl.d"); !errors.Is(err, root.ErrTooLarge) || !strings.Contains(err.Error(), "/etc/sysctl.d") {
		t.Errorf("got %v", err)
	}
	seen := 0
	if _, err := h.Walk(context.Background(), func(*walk.Entry) error { seen++; return nil }); err != nil {
		t.Fatal(err)
	}
	if seen < 1_000_000 {
		t.Errorf("%d entries were walked", seen)
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it took %s", took)
	}
	t.Logf("figure: entries of one directory that were walked, and refused where a directory is read as a whole: %d", seen)
}
