package limits

import (
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

type layout struct {
	name, main, first, second string
	domain                    string
	want                      string // of the hard core limit, empty for none
}

func layouts() []layout {
	return []layout{
		{"the main file", "* hard core 5\n", "", "", "*", "5"},
		{"a later file wins", "* hard core 5\n", "* hard core 6\n", "", "*", "6"},
		{"the last file wins", "", "* hard core 6\n", "* - core 7\n", "*", "7"},
		{"a soft limit is another", "* soft core 5\n", "", "", "*", ""},
		{"a comment", "# * hard core 5\n", "", "", "*", ""},
		{"a comment behind", "\t*   hard core\t5 # five\n", "", "", "*", "5"},
		{"a value with more behind", "* hard core 5 6\n", "", "", "*", "5"},
		{"digits with more behind", "* hard core 5x\n", "", "", "*", "5x"},
		{"a value that is no number is passed over", "* hard core 5\n* hard core many\n", "", "", "*", "5"},
		{"types and items in capitals", "* HARD Core 5\n", "", "", "*", "5"},
		{"three fields say nothing", "* hard core\n", "", "", "*", ""},
		{"no limit", "* hard core 5\n* hard core unlimited\n", "", "", "*", "unlimited"},
		{"a user", "* hard core 5\n", "ana hard core 9\n", "", "ana", "9"},
	}
}

func read(t *testing.T, l layout) (*hosttest.Fake, []Entry) {
	t.Helper()
	f := hosttest.Tree(t, "")
	f.Write(Main, l.main)
	f.Write(Dir+"/60-a.conf", l.first)
	f.Write(Dir+"/70-b.conf", l.second)
	f.Write(Dir+"/80-c.off", "* hard core 99\n")
	entries, err := Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return f, entries
}

func TestLineThatDecides(t *testing.T) {
	for _, l := range layouts() {
		t.Run(l.name, func(t *testing.T) {
			_, entries := read(t, l)
			e, ok := Last(entries, l.domain, "hard", "core")
			if ok != (l.want != "") || e.Value != l.want {
				t.Errorf("got %q, %v", e.Value, ok)
			}
		})
	}
}

func TestNewValueKeepsTheRestOfTheLine(t *testing.T) {
	for line, want := range map[string]string{
		"  5  hard\tcore  5 # 5": "  5  hard\tcore  0 # 5",
		"* - core unlimited":     "* - core 0",
	} {
		e, ok := parse(line)
		e.Text = line
		if !ok || e.With("0") != want {
			t.Errorf("%q becomes %q", line, e.With("0"))
		}
	}
}

func TestTwoFieldsExempt(t *testing.T) {
	if e, ok := parse("ana -"); !ok || !e.Exempt || e.Domain != "ana" {
		t.Errorf("%+v", e)
	}
}

func FuzzParse(f *testing.F) {
	for _, l := range layouts() {
		f.Add(l.main)
	}
	f.Fuzz(func(t *testing.T, line string) {
		e, ok := parse(line)
		if !ok || e.Exempt {
			return
		}
		e.Text = line
		again, ok := parse(e.With("7"))
		if !ok || again.Value != "7" || again.Domain != e.Domain || again.Item != e.Item {
			t.Errorf("%q became %q", line, e.With("7"))
		}
	})
}
