//go:build authority

package apt_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/apt"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// TestSettingsAreThoseOfAptConfig lets apt-config read the same trees and compares every setting that
// is set there.
func TestSettingsAreThoseOfAptConfig(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"nothing": {},
		"parts come before the main file": {
			"apt.conf.d/99-last": "Z::A \"parts\";\n", "apt.conf": "Z::A \"main\";\n",
		},
		"files with other endings are not read": {
			"apt.conf.d/50x.conf": "Z::A \"1\";", "apt.conf.d/60x.bak": "Z::A \"2\";", "apt.conf.d/70x~": "Z::A \"3\";", "apt.conf.d/80_x-y": "Z::B \"4\";",
		},
		"every form": {
			"apt.conf": "Z { A \"1\"; B { C \"2\"; D { E \"3\"; }; }; };\nz::a::b \"4\"; // x\n# Z::N \"5\";\n/* Z::M \"6\";\n*/ Z::Q \"7\";\nZ::R 8;\nZ::S \"with // slashes\";\nZ::T \"with # hash\";\n",
		},
		"clear": {
			"apt.conf.d/1": "Z::A \"1\"; Z::A::B \"2\"; Z::C \"3\";", "apt.conf.d/2": "#clear Z::A;\n",
		},
		"booleans": {
			"apt.conf": "APT::Get::AllowUnauthenticated \"true\";\nAcquire::AllowInsecureRepositories yes;\nAcquire { AllowWeakRepositories \"1\"; AllowDowngradeToInsecureRepositories \"no\"; };\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			etc := filepath.Join(dir, "etc/apt")
			if err := os.MkdirAll(filepath.Join(etc, "apt.conf.d"), 0o755); err != nil {
				t.Fatal(err)
			}
			for n, content := range files {
				if err := os.WriteFile(filepath.Join(etc, n), []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			first := filepath.Join(dir, "first.conf")
			if err := os.WriteFile(first, []byte("Dir \""+dir+"\";\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("apt-config", "dump")
			cmd.Env = append(os.Environ(), "APT_CONFIG="+first)
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			said := map[string]string{}
			for _, m := range regexp.MustCompile(`(?m)^([^ ]+) "(.*)";$`).FindAllStringSubmatch(string(out), -1) {
				said[strings.ToLower(m[1])] = m[2]
			}
			h, err := host.OpenRoot(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer h.Close()
			settings, err := apt.Settings(h)
			if err != nil {
				t.Fatal(err)
			}
			for key, want := range said {
				if !strings.HasPrefix(key, "z::") {
					continue // apt has settings of its own
				}
				if got, ok := apt.Last(settings, key); want != "" && (!ok || got.Value != want) {
					t.Errorf("%s: ours %q, apt's %q", key, got.Value, want)
				}
			}
			for _, s := range settings {
				got, _ := apt.Last(settings, s.Name)
				if said[s.Name] != got.Value && !strings.HasSuffix(s.Name, "::") {
					t.Errorf("%s: ours %q, apt's %q", s.Name, got.Value, said[s.Name])
				}
			}
		})
	}
}

// TestKeysAreThoseOfGPG compares the keyrings of this machine.
func TestKeysAreThoseOfGPG(t *testing.T) {
	files, err := filepath.Glob("/usr/share/keyrings/*.gpg")
	more, _ := filepath.Glob("/etc/apt/trusted.gpg.d/*.asc")
	files = append(files, more...)
	if err != nil || len(files) == 0 {
		t.Fatalf("no keyrings (%v)", err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		keys, err := apt.Keys(content)
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
		cmd := exec.Command("gpg", "--homedir", t.TempDir(), "--show-keys", "--with-colons", file)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("gpg %s: %v", file, err)
		}
		var want, got []string
		primary := false
		for line := range strings.Lines(string(out)) {
			fields := strings.Split(line, ":")
			switch {
			case fields[0] == "pub":
				primary = true
			case fields[0] == "fpr" && primary:
				want = append(want, fields[9])
				primary = false
			}
		}
		for _, k := range keys {
			got = append(got, k.Fingerprint)
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s: ours %q, gpg's %q", file, got, want)
		}
	}
}
