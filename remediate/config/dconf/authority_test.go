//go:build authority

package dconf

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

// TestRealDconf compiles random key files and locks with dconf (Debian package dconf-cli), and compares what it reads back
// with what the compiled database and the key files say here.
func TestRealDconf(t *testing.T) {
	if _, err := exec.LookPath("dconf"); err != nil {
		t.Fatal(err)
	}
	keys := []string{"/a/x", "/a/y", "/a/b/z", "/c/d-e/f"}
	values := []string{"true", "false", "1", "-7", "uint32 900", "'text'", `"it's"`, `'two "words"'`, `'a\\b'`}
	names := []string{"00-first", "10", "Z", "a", "a~", ".hidden", "mid.conf"}
	home := t.TempDir() // a user without settings; without one every key is locked
	rapid.Check(t, func(rt *rapid.T) {
		dir := t.TempDir()
		f := hosttest.Tree(t, "")
		put := func(path, text string) {
			file := filepath.Join(dir, path)
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			f.Write("/etc/dconf/db/site.d/"+path, text)
		}
		put("00-base", "[a]\nx=1\n")
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 4, rapid.ID).Draw(rt, "files") {
			var b strings.Builder
			for _, key := range rapid.SliceOfDistinct(rapid.SampledFrom(keys), rapid.ID).Draw(rt, "keys") {
				fmt.Fprintf(&b, "# a comment\n[%s]\n%s = %s\n\n", strings.Trim(filepath.Dir(key), "/"), filepath.Base(key), rapid.SampledFrom(values).Draw(rt, "value"))
			}
			put(name, b.String())
		}
		if locks := rapid.SliceOf(rapid.SampledFrom(append([]string{"# /a/x", "", "a/x", " /a/x", "/a/", "/a/b/"}, keys...))).Draw(rt, "locks"); len(locks) > 0 {
			put("locks/"+rapid.SampledFrom([]string{"00", ".hidden", "z"}).Draw(rt, "lock file"), strings.Join(locks, "\n")+"\n")
		}

		out := filepath.Join(dir, "..", filepath.Base(dir)+".compiled")
		if text, err := exec.Command("dconf", "compile", out, dir).CombinedOutput(); err != nil {
			t.Fatalf("dconf compile: %v: %s", err, text)
		}
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		db, err := ParseDatabase(data)
		if err != nil {
			t.Fatal(err)
		}
		profile := out + ".profile"
		if err := os.WriteFile(profile, []byte("user-db:user\nfile-db:"+out+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		ask := func(args ...string) string {
			cmd := exec.Command("dconf", args...)
			cmd.Env = append(os.Environ(), "DCONF_PROFILE="+profile, "XDG_CONFIG_HOME="+home, "XDG_RUNTIME_DIR="+home)
			text, err := cmd.Output()
			if err != nil {
				t.Fatalf("dconf %v: %v", args, err)
			}
			return strings.TrimSuffix(string(text), "\n")
		}
		locked := strings.Fields(ask("list-locks", "/"))
		site := Source{Name: "system-db:site", Path: "/etc/dconf/db/site", Dir: "/etc/dconf/db/site.d"}
		for _, key := range keys {
			want := ask("read", key)
			if got := db.Values[key]; got != want {
				rt.Errorf("%s is %q, and dconf reads %q", key, got, want)
			}
			if got := db.Locked(key); got != slices.Contains(locked, key) {
				rt.Errorf("%s is locked: %t, and dconf lists %v", key, got, locked)
			}
			lines, locks, err := site.KeyFiles(f, key)
			if err != nil {
				t.Fatal(err)
			}
			if set := len(lines) > 0; set != (want != "") {
				rt.Errorf("%s has %d lines, and dconf reads %q", key, len(lines), want)
			}
			if (len(locks) > 0) != slices.Contains(locked, key) {
				rt.Errorf("%s has %d locks, and dconf lists %v", key, len(locks), locked)
			}
			if len(lines) > 0 && !strings.ContainsAny(lines[len(lines)-1].Value, `'"`) && lines[len(lines)-1].Value != want {
				rt.Errorf("the line that wins for %s is %+v, and dconf reads %q", key, lines[len(lines)-1], want)
			}
		}
	})
}

// TestRealDconfReadsWhatTestsCompile asks dconf about a database that was made for the tests of rules.
func TestRealDconfReadsWhatTestsCompile(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/dconf/db/site.d/00-a", "[a/b]\nlong=uint32 900\n[c]\non=true\noff=true\ntext='a text'\n")
	f.Write("/etc/dconf/db/site.d/10-b", "# later\n[c]\noff=false\n")
	f.Write("/etc/dconf/db/site.d/locks/a", "/a/b/long\n/c/on\n")
	f.CompileDconf("site")
	profile := filepath.Join(t.TempDir(), "profile")
	if err := os.WriteFile(profile, []byte("user-db:user\nfile-db:"+f.Dir()+"/etc/dconf/db/site\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	for want, args := range map[string][]string{
		"uint32 900": {"read", "/a/b/long"}, "true": {"read", "/c/on"}, "false": {"read", "/c/off"},
		"'a text'": {"read", "/c/text"}, "": {"read", "/c/none"}, "/a/b/long\n/c/on": {"list-locks", "/"},
	} {
		cmd := exec.Command("dconf", args...)
		cmd.Env = append(os.Environ(), "DCONF_PROFILE="+profile, "XDG_CONFIG_HOME="+home, "XDG_RUNTIME_DIR="+home)
		got, err := cmd.Output()
		lines := strings.Fields(string(got))
		if args[0] == "list-locks" {
			slices.Sort(lines)
			got = []byte(strings.Join(lines, "\n"))
		}
		if err != nil || strings.TrimSpace(string(got)) != want {
			t.Errorf("dconf %v says %q (%v), want %q", args, got, err, want)
		}
	}
}
