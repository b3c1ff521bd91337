//go:build authority

package dpkg_test

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/dpkg"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

func own(t *testing.T) *dpkg.DB {
	h, err := host.OpenRoot("/")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	db, err := dpkg.Read(h)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestPackagesAreThoseOfDpkgQuery(t *testing.T) {
	out, err := exec.Command("dpkg-query", "-W", "-f", "${Package} ${Architecture} ${Version} ${Status} ${Essential}${Protected}\n").Output()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(out)), "\n")
	for i, line := range want {
		at := strings.LastIndexByte(line, ' ') + 1
		essential := "no"
		if strings.Contains(line[at:], "yes") {
			essential = "yes"
		}
		want[i] = line[:at] + essential
	}
	var got []string
	for _, p := range own(t).Packages {
		essential := "no"
		if p.Essential {
			essential = "yes"
		}
		got = append(got, fmt.Sprintf("%s %s %s %s %s", p.Name, p.Arch, p.Version, p.StatusText(), essential))
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("dpkg-query against ours:\n%s", diff)
	}
}

// Every installed package's dependents against what apt-get would remove with it. apt also knows
// versions, so it may find more; it never finds less.
func TestDependentsAreThoseThatAptWouldRemove(t *testing.T) {
	db := own(t)
	compared, same := 0, 0
	for i, p := range db.Packages {
		if i%40 != 0 || !p.Installed() || p.Essential {
			continue
		}
		out, err := exec.Command("apt-get", "-s", "-o", "APT::Get::AutomaticRemove=false", "remove", p.Name).Output()
		if err != nil {
			continue // apt refuses to do without some
		}
		var gone []string
		instead := false
		for line := range strings.Lines(string(out)) {
			words := strings.Fields(line)
			instead = instead || len(words) > 1 && words[0] == "Inst"
			if len(words) > 1 && words[0] == "Remv" {
				name, _, _ := strings.Cut(words[1], ":")
				if name != p.Name {
					gone = append(gone, name)
				}
			}
		}
		if instead {
			continue // apt found another package to put in its place
		}
		compared++
		ours := db.Dependents(p.Name)
		slices.Sort(gone)
		if slices.Equal(ours, slices.Compact(gone)) {
			same++
		}
		for _, o := range ours {
			if !slices.Contains(gone, o) {
				t.Errorf("%s: %s would go as well, and apt keeps it", p.Name, o)
			}
		}
	}
	t.Logf("%d of %d have the same dependents", same, compared)
	if compared == 0 || same*10 < compared*9 {
		t.Errorf("only %d of %d are the same", same, compared)
	}
}
