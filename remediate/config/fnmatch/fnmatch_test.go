package fnmatch

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestMatch(t *testing.T) {
	tests := []struct {
		pattern, name string
		want          bool
	}{
		{"cramfs", "cramfs", true},
		{"cramfs", "cramf", false},
		{"", "", true},
		{"*", "", true},
		{"*", "a/b", true},
		{"cr*f?", "cramfs", true},
		{"*a*b*c", "xaxbxbc", true},
		{"*a*b*c", "xaxbxb", false},
		{"[a-c]x", "bx", true},
		{"[!a-c]x", "bx", false},
		{"[^a-c]x", "dx", true},
		{"[]x]", "]", true},
		{"[a-]", "-", true},
		{"[abc", "[abc", true},
		{"[abc", "a", false},
		{"[[:digit:]_]", "7", true},
		{"[[:alpha:]]", "7", false},
		{`a\*b`, "a*b", true},
		{`a\*b`, "axb", false},
		{`a\`, "a", false},
		{`[\]]`, "]", true},
	}
	for _, tt := range tests {
		if got := Match(tt.pattern, tt.name); got != tt.want {
			t.Errorf("Match(%q, %q) = %v", tt.pattern, tt.name, got)
		}
	}
}

func TestMatchPathKeepsToComponents(t *testing.T) {
	tests := []struct {
		pattern, name string
		want          bool
	}{
		{"net/ipv4/conf/*/x", "net/ipv4/conf/eth0/x", true},
		{"net/*/x", "net/ipv4/conf/x", false},
		{"net/*/x", "net/.hidden/x", false},
		{"net/.h*/x", "net/.hidden/x", true},
	}
	for _, tt := range tests {
		if got := MatchPath(tt.pattern, tt.name); got != tt.want {
			t.Errorf("MatchPath(%q, %q) = %v", tt.pattern, tt.name, got)
		}
	}
}

func TestEveryNameMatchesItsQuotedSelf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[ab\[\]*?!^\\-]{0,8}`).Draw(t, "name")
		var quoted strings.Builder
		for _, c := range []byte(name) {
			quoted.WriteString(`\` + string(c))
		}
		if !Match(quoted.String(), name) || !Match("*", name) || !Match(quoted.String()+"*", name) {
			t.Errorf("%q does not match itself", name)
		}
	})
}

func FuzzMatch(f *testing.F) {
	f.Add("[a-z]*[!0-9]?", "cramfs")
	f.Add("[[:alpha:]", "[")
	f.Add(`\`, `\`)
	f.Add(strings.Repeat("*a", 30), strings.Repeat("a", 40)+"b")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if Match(pattern, name) && !strings.ContainsAny(pattern, `*?[\`) && pattern != name {
			t.Errorf("%q matches %q", pattern, name)
		}
		MatchPath(pattern, name)
	})
}
