//go:build authority

package unitfile_test

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/unitfile"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

// systemctl gives what is-enabled prints for each name.
func systemctl(t *testing.T, dir, name string) string {
	t.Helper()
	out, err := exec.Command("systemctl", "--root="+dir, "is-enabled", name).CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err != nil && text == "" {
		t.Fatalf("systemctl is-enabled %s: %v", name, err)
	}
	return text
}

// A generated tree has units of every sort in every directory, linked in every way, and every name
// in it has the state that systemctl sees.
func TestLookAgreesWithSystemctlIsEnabled(t *testing.T) {
	units := []string{"a.service", "b.service", "t@.service", "t@x.service", "u@.service", "u@y.service", "s.socket", "a.timer"}
	dirs := []string{"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system"}
	installs := []string{
		"", "[Install]\nWantedBy=multi-user.target\n", "[Install]\nRequiredBy=x.target\n", "[Install]\nAlso=b.service\n",
		"[Install]\nAlias=al.service\n", "[Install]\nWantedBy=multi-user.target\nAlias=al.service\nAlso=s.socket\n",
		"[Install]\nWantedBy=multi-user.target\nDefaultInstance=x\n", "[Install]\nWantedBy=\n",
	}
	compared := map[string]int{}
	for seed := range 150 {
		rnd := rand.New(rand.NewPCG(uint64(seed), 7))
		f := hosttest.Tree(t, "")
		var log []string
		exists := func(p string) bool { _, err := f.Lstat(p); return err == nil }
		write := func(p, content string) {
			if !exists(p) {
				f.Write(p, content)
				log = append(log, fmt.Sprintf("write %s %q", p, content))
			}
		}
		link := func(p, target string) {
			if !exists(p) {
				f.Link(p, target)
				log = append(log, "link "+p+" -> "+target)
			}
		}
		f.Mkdir("/usr/lib/systemd/system")
		for _, u := range units {
			if rnd.IntN(4) == 0 {
				continue
			}
			dir := dirs[rnd.IntN(len(dirs))]
			if rnd.IntN(2) == 0 {
				dir = "/usr/lib/systemd/system"
			}
			content := "[Unit]\nDescription=x\n"
			if strings.HasSuffix(u, "service") {
				content += "[Service]\nExecStart=/bin/true\n"
			}
			write(path.Join(dir, u), content+installs[rnd.IntN(len(installs))])
			if rnd.IntN(8) == 0 {
				write(path.Join(dirs[rnd.IntN(4)], u+".d", "10.conf"), installs[rnd.IntN(len(installs))]+"\n")
			}
		}
		for range rnd.IntN(6) {
			u := units[rnd.IntN(len(units))]
			dir := dirs[rnd.IntN(len(dirs))]
			from := path.Join(dirs[rnd.IntN(len(dirs))], u)
			switch rnd.IntN(7) {
			case 0, 1, 2:
				sub := []string{"multi-user.target.wants", "x.target.requires"}[rnd.IntN(2)]
				link(path.Join(dir, sub, u), from)
			case 3:
				link(path.Join(dir, u), "/dev/null")
			case 4:
				link(path.Join(dir, "al.service"), path.Join("/usr/lib/systemd/system", units[rnd.IntN(2)]))
			case 5:
				link(path.Join(dir, "multi-user.target.wants", "t@x.service"), "/usr/lib/systemd/system/t@.service")
			case 6:
				write(path.Join("/opt", u), "[Unit]\nDescription=x\n"+installs[1])
				link(path.Join(dir, u), path.Join("/opt", u))
			}
		}
		for _, name := range slices.Concat(units, []string{"al.service", "none.service", "t@z.service"}) {
			want := systemctl(t, f.Dir(), name)
			st, err := unitfile.Look(f, name)
			got := string(st.State)
			if err != nil {
				got = "error: " + err.Error()
			}
			if strings.Contains(want, "\n") || strings.HasPrefix(want, "Failed") {
				compared["failed"]++
				if strings.Contains(want, "No such file") && got != "not-found" && err == nil {
					t.Errorf("seed %d: %s: got %s, systemctl says %s\n%s", seed, name, got, want, strings.Join(log, "\n"))
				}
				continue
			}
			compared[want]++
			if got != want {
				t.Errorf("seed %d: %s: got %s, systemctl says %s\n%s", seed, name, got, want, strings.Join(log, "\n"))
			}
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("compared: %v", compared)
	if compared["enabled"] == 0 || compared["masked"] == 0 || compared["alias"] == 0 || compared["linked"] == 0 {
		t.Errorf("the generated trees are not telling: %v", compared)
	}
}

// The drop-ins that apply, and their order, are those that systemd-analyze cat-config prints.
func TestDropInsAgreeWithSystemdAnalyze(t *testing.T) {
	dirs := []string{"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system"}
	for seed := range 60 {
		rnd := rand.New(rand.NewPCG(uint64(seed), 3))
		f := hosttest.Tree(t, "")
		f.Write("/usr/lib/systemd/system/k.service", "[Service]\nExecStart=/bin/true\n")
		for _, dir := range dirs {
			for _, n := range []string{"10-a.conf", "20-b.conf", "5-c.conf", "x"} {
				p := path.Join(dir, "k.service.d", n)
				switch rnd.IntN(4) {
				case 0:
					f.Write(p, "[Unit]\nDescription="+p+"\n")
				case 1:
					if rnd.IntN(3) == 0 {
						f.Link(p, "/dev/null")
					}
				}
			}
		}
		out, err := exec.Command("systemd-analyze", "--no-pager", "--root="+f.Dir(), "cat-config", "systemd/system/k.service").Output()
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, line := range strings.Split(string(out), "\n") {
			if p, ok := strings.CutPrefix(line, "# "+f.Dir()); ok && strings.Contains(p, ".d/") {
				want = append(want, p)
			}
		}
		u, err := unitfile.Load(f, "k.service")
		if err != nil {
			t.Fatal(err)
		}
		// cat-config prints a file that /dev/null masks as an empty one; it sets nothing.
		want = slices.DeleteFunc(want, func(p string) bool { to, _ := f.Readlink(p); return to == "/dev/null" })
		if !slices.Equal(u.DropIns, want) {
			tree, _ := exec.Command("ls", "-lR", f.Dir()).Output()
			t.Fatalf("seed %d:\ngot  %v\nwant %v\n%s", seed, u.DropIns, want, tree)
		}
	}
}

func TestMountUnitAgreesWithSystemdEscape(t *testing.T) {
	for _, p := range []string{"/", "/dev/shm", "/tmp", "/var/lib/a-b", "/a b/.c", "/.hidden", "/x/ünï", "/a//b/"} {
		out, err := exec.Command("systemd-escape", "--path", "--suffix=mount", p).Output()
		if err != nil {
			t.Fatal(err)
		}
		if got, want := unitfile.MountUnit(p), strings.TrimSpace(string(out)); got != want {
			t.Errorf("%s: got %s, want %s", p, got, want)
		}
	}
}
