package host_test

import (
	"slices"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

func TestMatchIsFnmatch(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"*.conf", "a.conf", true},
		{"*.conf", ".conf", false},
		{".*", ".conf", true},
		{`\.*`, ".conf", true},
		{"[.]*", ".conf", false},
		{"?", "a", true},
		{"?", "", false},
		{"*", "", true},
		{"a*b*c", "aXbXbXc", true},
		{"a*b*c", "aXbXbX", false},
		{"[a-c]x", "bx", true},
		{"[!a-c]x", "bx", false},
		{"[^a-c]x", "dx", true},
		{"[]a]", "]", true},
		{"[a-]", "-", true},
		{"[[:digit:]]*", "7z", true},
		{"[[:digit:][:upper:]]", "Q", true},
		{"[[:nonsense:]]", "n", false},
		{"[", "[", true},
		{"[abc", "[abc", true},
		{`\*`, "*", true},
		{`\*`, "a", false},
		{`a\`, `a\`, true},
	} {
		if got := host.Match(c.pattern, c.name); got != c.want {
			t.Errorf("%q and %q: got %v", c.pattern, c.name, got)
		}
	}
}

func TestGlobListsWhatGlob3Lists(t *testing.T) {
	f := hosttest.Tree(t, "")
	for _, path := range []string{"/etc/d/b.conf", "/etc/d/a.conf", "/etc/d/.hidden.conf", "/etc/d/c.txt", "/etc/d/[x].conf", "/etc/e/a.conf"} {
		f.Write(path, "")
	}
	f.Link("/etc/link", "d")
	f.Link("/etc/d/dangling.conf", "/nowhere")
	f.Link("/etc/loop", "loop")
	for pattern, want := range map[string][]string{
		"/etc/d/*.conf":     {"/etc/d/[x].conf", "/etc/d/a.conf", "/etc/d/b.conf", "/etc/d/dangling.conf"},
		"/etc/?/a.conf":     {"/etc/d/a.conf", "/etc/e/a.conf"},
		"/etc/*/a.conf":     {"/etc/d/a.conf", "/etc/e/a.conf", "/etc/link/a.conf"},
		"/etc/d/a.conf":     {"/etc/d/a.conf"},
		`/etc/d/\[x\].conf`: {"/etc/d/[x].conf"},
		"/etc/d/.*.conf":    {"/etc/d/.hidden.conf"},
		"/none/*":           nil,
		"/etc/d/a.conf/*":   nil,
		"/etc/loop/*":       nil,
		"/":                 {"/"},
	} {
		if got, err := host.Glob(f, pattern); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %q, %v, want %q", pattern, got, err, want)
		}
	}
	if _, err := host.Glob(f, "*.conf"); err == nil {
		t.Error("a relative pattern was taken")
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("a*[b-d]?", "aXcY")
	f.Add("[[:alpha:]", "[")
	f.Add(`*\`, `x\`)
	f.Fuzz(func(_ *testing.T, pattern, name string) {
		host.Match(pattern, name)
	})
}
