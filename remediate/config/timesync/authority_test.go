//go:build authority

package timesync

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

// chronyd -p prints the directives that it reads, those of confdir and include included.
func TestChronyAgreesWithChronyd(t *testing.T) {
	dir := t.TempDir()
	f := hosttest.Tree(t, "")
	write := func(name, content string) {
		f.Write("/etc/chrony/"+name, content)
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(strings.ReplaceAll(content, "/etc/chrony", dir)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("chrony.conf", "; comment\n% comment\nconfdir /etc/chrony/one /etc/chrony/two\nserver a.example\ninclude /etc/chrony/*.inc\n  POOL b.example iburst\n")
	write("one/b.conf", "server c.example\n")
	write("two/a.conf", "server d.example\n")
	write("two/b.conf", "server no.example\n")
	write("two/c.txt", "server no.example\n")
	write("x.inc", "peer e.example\n")
	out, err := exec.Command("chronyd", "-p", "-f", filepath.Join(dir, "chrony.conf")).Output()
	if err != nil {
		t.Fatal(err)
	}
	c, err := Chrony(f)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range c.Lines {
		if w := l.Words[0]; w != "confdir" && w != "include" {
			got = append(got, strings.Join(l.Words, " "))
		}
	}
	var want []string
	for _, l := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		w := strings.Fields(l)
		w[0] = strings.ToLower(w[0])
		if w[0] != "confdir" && w[0] != "include" {
			want = append(want, strings.Join(w, " "))
		}
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nchronyd\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
