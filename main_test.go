package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/provisioner/embedded"
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

// In a tree that was not built yet there is nothing to carry, and version says what to do.
func TestVersionNamesEveryBinaryByItsDigest(t *testing.T) {
	var out, err bytes.Buffer
	status := run([]string{"version"}, &out, &err)
	if !regexp.MustCompile(`^packer-plugin-harden ` + regexp.QuoteMeta(version.Version()) + ` \w+/\w+ sha256:[0-9a-f]{64}\n`).MatchString(out.String()) {
		t.Errorf("it says %q", out.String())
	}
	for _, arch := range embedded.Archs() {
		data, missing := embedded.Harden(arch)
		if missing != nil {
			if status != 1 || !strings.Contains(err.String(), "make build") {
				t.Errorf("without a binary for %s it ends with %d: %s", arch, status, err.String())
			}
			return
		}
		if want := fmt.Sprintf("harden %s linux/%s sha256:%x\n", version.Version(), arch, sha256.Sum256(data)); !strings.Contains(out.String(), want) {
			t.Errorf("it lacks %q", want)
		}
	}
	if status != 0 {
		t.Errorf("it ends with %d: %s", status, err.String())
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
