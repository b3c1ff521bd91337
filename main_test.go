package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/version"
)

func TestAnythingButDescribeAndStartIsHelp(t *testing.T) {
	for _, tt := range []struct {
		args   []string
		status int
	}{
		{nil, 2}, {[]string{"unknown"}, 2}, {[]string{"--help"}, 0}, {[]string{"help"}, 0},
	} {
		var out, err bytes.Buffer
		if got := run(tt.args, &out, &err); got != tt.status {
			t.Errorf("%q ends with %d, want %d", tt.args, got, tt.status)
		}
		if text := out.String() + err.String(); !strings.Contains(text, "describe") || !strings.Contains(text, version.Version()) {
			t.Errorf("%q shows %q", tt.args, text)
		}
	}
}

func TestComponents(t *testing.T) {
	set := components()
	var names []string
	for name := range set.Provisioners {
		names = append(names, name)
	}
	slices.Sort(names)
	if want := []string{"-packer-default-plugin-name-", "attest"}; !slices.Equal(names, want) {
		t.Errorf("provisioners are %q, want %q", names, want)
	}
	if len(set.PostProcessors) != 1 || set.PostProcessors["attestation"] == nil {
		t.Errorf("post-processors are %v", set.PostProcessors)
	}
}
