//go:build authority

package sudoers_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/sudoers"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

// What cvtsudoers prints of a file is what we read, and what it refuses we refuse.

type printed struct {
	Defaults []struct {
		Binding []map[string]any
		Options []any
	}
	UserSpecs []struct {
		Users []map[string]any `json:"User_List"`
		Hosts []map[string]any `json:"Host_List"`
		Specs []struct {
			RunAs       []map[string]any `json:"runasusers"`
			RunAsGroups []map[string]any `json:"runasgroups"`
			Options     []any
			Commands    []map[string]any
		} `json:"Cmnd_Specs"`
	} `json:"User_Specs"`
}

func names(list []map[string]any) string {
	var out []string
	for _, m := range list {
		for _, key := range []string{"username", "usergroup", "userid", "usergid", "netgroup", "useralias", "runasalias", "hostname", "networkaddr", "hostalias", "command", "cmndalias"} {
			v, ok := m[key]
			if !ok {
				continue
			}
			name := fmt.Sprint(v)
			switch key {
			case "usergroup":
				name = "%" + name
			case "userid":
				name = "#" + name
			case "netgroup":
				name = "+" + name
			}
			if m["negated"] == true {
				name = "!" + name
			}
			out = append(out, name)
		}
	}
	return strings.Join(out, ",")
}

var bare = regexp.MustCompile(`("(?:runcwd|runchroot)": "(?:[^"\\\\]|\\\\.)*")`)

func theirs(t interface{ Fatal(...any) }, out []byte) []string {
	// cvtsudoers 1.9.13 prints CWD= and CHROOT= without braces.
	text := bare.ReplaceAllString(string(out), `{$1}`)
	var p printed
	if strings.TrimSpace(text) == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err, text)
	}
	var lines []string
	for _, d := range p.Defaults {
		for _, o := range d.Options {
			m := o.(map[string]any)
			for _, name := range slices.Sorted(keys(m)) {
				if name == "operation" {
					continue
				}
				v := fmt.Sprint(m[name])
				if list, ok := m[name].([]any); ok {
					var words []string
					for _, w := range list {
						words = append(words, fmt.Sprint(w))
					}
					v = strings.Join(words, " ")
				}
				v = strings.Join(strings.Fields(v), " ") // as ours
				lines = append(lines, fmt.Sprintf("default %s %s %s", names(d.Binding), name, v))
			}
		}
	}
	for _, u := range p.UserSpecs {
		for _, s := range u.Specs {
			auth := ""
			for _, o := range s.Options {
				if m, ok := o.(map[string]any); ok {
					if v, ok := m["authenticate"]; ok {
						auth = fmt.Sprint(v)
					}
				}
			}
			groups := strings.ReplaceAll(names(s.RunAsGroups), "%", "")
			for _, c := range s.Commands {
				lines = append(lines, fmt.Sprintf("grant %s %s (%s:%s) %s %s", names(u.Users), names(u.Hosts), names(s.RunAs), groups, auth, names([]map[string]any{c})))
			}
		}
	}
	return lines
}

func keys(m map[string]any) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func joined(list []sudoers.Member) string {
	var out []string
	for _, m := range list {
		out = append(out, m.String())
	}
	return strings.Join(out, ",")
}

func ours(c *sudoers.Config) []string {
	var lines []string
	for _, d := range c.Defaults {
		v := map[sudoers.Op]string{sudoers.On: "true", sudoers.Off: "false"}[d.Op]
		if v == "" {
			v = strings.Join(strings.Fields(d.Value), " ")
		}
		lines = append(lines, fmt.Sprintf("default %s %s %s", joined(d.Members), d.Name, v))
	}
	for _, g := range c.Grants {
		auth := map[sudoers.Tag]string{sudoers.Passwd: "true", sudoers.NoPasswd: "false"}[g.Authenticate]
		command := strings.NewReplacer(`\,`, ",", `\:`, ":", `\=`, "=").Replace(g.Command.String())
		lines = append(lines, fmt.Sprintf("grant %s %s (%s:%s) %s %s", joined(g.Users), joined(g.Hosts), joined(g.RunAs), joined(g.RunAsGroups), auth, command))
	}
	return lines
}

const everything = `Defaults	env_reset, !lecture
Defaults:joe,%wheel !authenticate
Defaults@web1,WEB timestamp_timeout=5, passwd_tries = 3
Defaults>root !set_logname
Defaults!/usr/bin/visudo env_keep += "A B"
Defaults secure_path="/usr/sbin:/usr/bin", logfile=/var/log/a\,b \
   , use_pty # comment \
Defaults badpass_message="Say \"no\" # really \
     so"
User_Alias ADM = a, %b, !c : OPS = ADM, #1000
Host_Alias WEB = 10.0.0.0/8, fe80::1, w*
Cmnd_Alias C = /bin/ls -l a\,b, !/bin/cat, sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 /bin/x, sudoedit /etc/x
Runas_Alias R = www, %x
root ALL=(ALL:ALL) ALL
ADM, bob WEB = (R) NOPASSWD: C, PASSWD : /bin/a "", (:grp) TIMEOUT=5m NOEXEC: /bin/b : ALL = /bin/true a\:b
%sudo	ALL=(ALL:ALL) NOPASSWD:ALL
#1000 ALL = ALL
"john doe" ALL = CWD=/tmp /bin/q
"%domain users" ALL=(root) NOPASSWD:SETENV: /usr/bin/apt
+ng ALL= ^/bin/.*$ , /bin/f ^a,b$
OPS ALL = !ALL, ! /bin/x , NOPASSWD:PASSWD: /bin/y
`

func compare(t interface {
	Fatal(...any)
	Errorf(string, ...any)
}, f *hosttest.Fake, file, content string, stricter bool) {
	if err := os.WriteFile(file, []byte(content), 0o440); err != nil {
		t.Fatal(err)
	}
	// visudo has the last word on what is wrong: cvtsudoers goes on after an error.
	out, err := exec.Command("visudo", "-c", "-f", file).CombinedOutput()
	if strings.Contains(string(out), "unknown defaults entry") || strings.Contains(string(out), "is invalid for option") {
		return // what settings there are and what they take is for those who ask about them
	}
	refused := err != nil
	f.Write("/etc/sudoers", content)
	c, lerr := sudoers.Load(f)
	if lerr != nil {
		t.Fatal(lerr)
	}
	if stricter && !refused && len(c.Problems) > 0 {
		return
	}
	if refused != (len(c.Problems) > 0) {
		t.Errorf("visudo refuses: %v (%s), we: %v\n%s", refused, out, c.Problems, content)
		return
	}
	if refused {
		return
	}
	cmd := exec.Command("cvtsudoers", "-f", "json", file)
	out, err = cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	want, got := theirs(t, out), ours(c)
	// JSON has no bytes that are no text.
	if strings.Join(want, "\n") != strings.ToValidUTF8(strings.Join(got, "\n"), "\ufffd") {
		t.Errorf("cvtsudoers:\n%s\nours:\n%s\n%s", strings.Join(want, "\n"), strings.Join(got, "\n"), content)
	}
}

func TestCvtsudoersReadsTheSame(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sudoers")
	f := hosttest.Tree(t, "")
	for i, content := range []string{everything, "", "\n# x \\\njoe ALL=ALL\n", "joe ALL=ALL", "Defaults use_pty\r\nDefaults !lecture\r\n",
		"joe ALL = /bin/x \\\n  , /bin/y\n", "Defaults:joe use_pty, !lecture\n", "joe ALL = ALL : h1, h2 = (a,b) /bin/x\n",
		"Defaults timestamp_timeout=-1\nDefaults !timestamp_timeout\n", "joe,%sudo ALL=(ALL) NOPASSWD: ALL, !/bin/su\n"} {
		t.Run(fmt.Sprint(i), func(t *testing.T) { compare(t, f, file, content, false) })
	}
}

var nothing = regexp.MustCompile(`![ \t\\\n]*!`)

// TestWhatVisudoRefusesIsRefused puts random pieces of the language together, most of them wrong. What visudo
// refuses we refuse, and what both take reads the same. Nonsense that visudo happens to take we may
// refuse: that is an error, never a pass.
func TestWhatVisudoRefusesIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sudoers")
	f := hosttest.Tree(t, "")
	pieces := []string{"joe", "%sudo", "ALL", " ", " ", "=", ",", ":", "(root)", "(ALL:ALL)", "NOPASSWD:", "PASSWD: ", "/bin/ls", "/bin/ls -l", "!", "!ALL",
		"\n", "Defaults ", "Defaults:joe ", "use_pty", "!lecture", "passwd_tries=3", "passprompt=\"a b\"", "# c", "\\\n", "\t", "User_Alias A = ", "A", "TIMEOUT=5 ", "sudoedit /etc/x", "joe ALL=", "ALL=(ALL) ALL\n", "EXEC:"}
	random := rand.New(rand.NewPCG(3, 3)) // the same lines in every run
	for range 300 {
		var b strings.Builder
		for range 1 + random.IntN(12) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		content := strings.TrimRight(b.String(), " \t\\\n")
		if nothing.MatchString(content) {
			continue // visudo reads a line of exclamation marks as an empty one when their number is even
		}
		compare(t, f, file, content, true)
	}
}

func TestStagedFilesAreTakenByVisudo(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/sudoers", "Defaults use_pty\n@includedir /etc/sudoers.d\n#include more\n")
	f.Write("/etc/sudoers.d/90-x", "joe ALL=(ALL) NOPASSWD:ALL\n")
	f.Write("/etc/more", "Defaults !!\n")
	c, err := sudoers.Load(f)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range c.Staged(dir) {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("visudo", "-c", "-f", filepath.Join(dir, "/etc/sudoers")).CombinedOutput()
	if err == nil || !strings.Contains(sudoers.Unstaged(dir, string(out)), "/etc/more:1") || len(c.Problems) != 1 {
		t.Errorf("%v\n%s\n%v", err, out, c.Problems)
	}
}
