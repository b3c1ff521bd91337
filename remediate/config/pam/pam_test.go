package pam_test

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/pam"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

func load(t *testing.T, files map[string]string, debian bool, service string) *pam.Service {
	t.Helper()
	f := hosttest.Tree(t, "")
	for name, content := range files {
		f.Write(name, content)
	}
	s, err := pam.Load(f, pam.Dialect{Debian: debian}, service)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// show prints a stack: line, control, module, arguments, level.
func show(stack []pam.Handler) []string {
	var out []string
	for _, h := range stack {
		words := append([]string{h.Control, h.Module}, h.Args...)
		if h.Substack {
			words = append(words, "<substack>")
		}
		if h.Fail != "" {
			words = append(words, "<"+h.Fail+">")
		}
		out = append(out, strings.Repeat(">", h.Level)+strings.Join(words, "|"))
	}
	return out
}

func TestLoadReadsLinesAsLibpamDoes(t *testing.T) {
	cases := []struct {
		name, content string
		want          []string
	}{
		{"a plain line", "auth required pam_unix.so nullok\n", []string{"required|pam_unix.so|nullok"}},
		{"a line without line feed", "auth required pam_unix.so", []string{"required|pam_unix.so"}},
		{"types in capitals and with a dash", "AUTH required a.so\n-auth required b.so\n", []string{"required|a.so", "required|b.so"}},
		{"a comment anywhere", "# auth required x.so\nauth required a.so arg#ument\n", []string{"required|a.so|arg"}},
		{"a control in brackets", "auth [success=1 default=ignore] a.so\n", []string{"success=1 default=ignore|a.so"}},
		{"arguments in brackets", `auth required a.so [query=select [x\] from] two` + "\n", []string{"required|a.so|query=select [x] from|two"}},
		{"a continued line with a comment in between", "auth required \\\n# no\n\n  a.so \\\n one\n", []string{"required|a.so|one"}},
		{"a comment ends a continued line", "auth required \\ # x\nauth required a.so\n", []string{`required|\`, "required|a.so"}},
		{"a missing module", "auth required\n", []string{"required|<no module>"}},
		{"a missing control", "auth\n", []string{"|<no control>"}},
		{"an unknown type fails as auth", "login required a.so\n", []string{`required|a.so|<unknown module type "login">`}},
		{"@include means nothing outside Debian", "@include x\n", []string{`x||<unknown module type "@include">`}},
		{"a missing include fails where it stands", "auth include nowhere\nauth required a.so\n", []string{"include|nowhere|<the included file nowhere does not exist>", "required|a.so"}},
		{"a substack is marked and a level deeper", "auth substack sub\n", []string{"substack|sub|<substack>", ">sufficient|s.so"}},
		{"an include brings one type only", "auth include sub\n", []string{"sufficient|s.so"}},
		{"a directory of the vendor", "auth include vendor\n", []string{"required|v.so"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := load(t, map[string]string{
				"/etc/pam.d/x":          c.content,
				"/etc/pam.d/sub":        "auth sufficient s.so\naccount required t.so\n",
				"/usr/lib/pam.d/vendor": "auth required v.so\n",
				"/usr/lib/pam.d/x":      "auth required hidden.so\n",
			}, false, "x")
			stack, _ := s.Stack(pam.Auth)
			got := show(stack)
			for i := range got { // a control without module prints an empty word
				got[i] = strings.ReplaceAll(got[i], "||<", "|<")
			}
			want := slices.Clone(c.want)
			for i := range want {
				want[i] = strings.ReplaceAll(want[i], "||<", "|<")
			}
			if diff := cmp.Diff(want, got); diff != "" || s.Broken != "" {
				t.Errorf("%s (-want +got):\n%s", s.Broken, diff)
			}
		})
	}
}

func TestLoadKnowsWhenLibpamGivesUp(t *testing.T) {
	for name, c := range map[string]struct {
		files  map[string]string
		debian bool
		want   string
	}{
		"an @include of nothing":       {map[string]string{"/etc/pam.d/x": "auth required a.so\n@include nowhere\n"}, true, "/etc/pam.d/x:2: the included file nowhere does not exist"},
		"a line that never ends":       {map[string]string{"/etc/pam.d/x": "auth required a.so \\\n"}, false, "/etc/pam.d/x:1: the last line is continued"},
		"a line that is too long":      {map[string]string{"/etc/pam.d/x": "auth required " + strings.Repeat("a", 1100) + "\n"}, false, "/etc/pam.d/x:1: a line is too long"},
		"an @include of itself":        {map[string]string{"/etc/pam.d/x": "@include x\n"}, true, "more than 15 deep"},
		"a broken file of defaults":    {map[string]string{"/etc/pam.d/x": "auth required a.so\n", "/etc/pam.d/other": "auth \\\n"}, false, "/etc/pam.d/other:1"},
		"no configuration whatever":    {nil, false, "neither /etc/pam.d nor /etc/pam.conf exists"},
		"an include below an @include": {map[string]string{"/etc/pam.d/x": "@include y\n", "/etc/pam.d/y": "@include z\n"}, true, "/etc/pam.d/y:1"},
	} {
		t.Run(name, func(t *testing.T) {
			if s := load(t, c.files, c.debian, "x"); !strings.Contains(s.Broken, c.want) {
				t.Errorf("got %q, want %q", s.Broken, c.want)
			}
		})
	}
}

func TestLoadFallsBack(t *testing.T) {
	other := "auth required pam_deny.so\n"
	s := load(t, map[string]string{"/etc/pam.d/x": "account required a.so\n", "/etc/pam.d/other": other}, false, "x")
	if stack, fallback := s.Stack(pam.Auth); !fallback || len(stack) != 1 || stack[0].Path != "/etc/pam.d/other" {
		t.Errorf("a type without lines is that of other: %v", show(stack))
	}
	s = load(t, map[string]string{"/etc/pam.d/other": other}, false, "x")
	if stack, fallback := s.Stack(pam.Auth); !fallback || len(stack) != 1 || s.Path != "" {
		t.Errorf("a service without file is that of other: %v", show(stack))
	}
	conf := "X auth required a.so\nother auth required pam_deny.so\ny auth required b.so\n"
	s = load(t, map[string]string{"/etc/pam.conf": conf}, false, "x")
	if stack, fallback := s.Stack(pam.Auth); fallback || len(stack) != 1 || stack[0].Module != "a.so" || stack[0].Line != 1 {
		t.Errorf("without directory pam.conf counts: %v", show(stack))
	}
}

func TestLoopsAndExplosionsAreBounded(t *testing.T) {
	files := map[string]string{}
	for _, c := range "abcdefgh" {
		next := string(c + 1)
		files["/etc/pam.d/"+string(c)] = strings.Repeat("auth include "+next+"\n", 12)
	}
	files["/etc/pam.d/i"] = "auth required x.so\n"
	f := hosttest.Tree(t, "")
	for name, content := range files {
		f.Write(name, content)
	}
	if _, err := pam.Load(f, pam.Dialect{}, "a"); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("got %v", err)
	}
	f.Write("/etc/pam.d/x", "auth include x\nauth include x\n")
	if _, err := pam.Load(f, pam.Dialect{}, "x"); err == nil || !strings.Contains(err.Error(), "includes in one service") {
		t.Errorf("got %v", err)
	}
	s := load(t, map[string]string{"/etc/pam.d/x": "auth substack x\nauth required a.so\n"}, false, "x")
	stack, _ := s.Stack(pam.Auth)
	if out := pam.Simulate(stack, func(int, pam.Handler) pam.Code { return pam.Success }); out.Code == pam.Success {
		t.Error("a loop must not let anybody in")
	}
}

func TestSimulate(t *testing.T) {
	answers := map[string]pam.Code{"ok": pam.Success, "no": pam.AuthErr, "skip": pam.Ignore, "who": pam.UserUnknown}
	for name, c := range map[string]struct {
		stack string
		want  pam.Code
	}{
		"required that fails goes on but fails":         {"required no\nrequired ok", pam.AuthErr},
		"sufficient does not help after a failure":      {"required no\nsufficient ok\nrequired ok", pam.AuthErr},
		"sufficient ends a good stack":                  {"sufficient ok\nrequired no", pam.Success},
		"optional alone decides":                        {"optional ok", pam.Success},
		"nothing but ignored is a refusal":              {"required skip", pam.PermDenied},
		"a jump over the whole rest of a good stack":    {"required ok\n[success=1] ok\nrequired no", pam.Success},
		"a jump alone gives no verdict":                 {"[success=1] ok\nrequired no", pam.PermDenied},
		"a jump too far is an error":                    {"required ok\n[success=2] ok\nrequired ok", pam.PermDenied},
		"reset forgets":                                 {"required ok\n[default=reset] who\nsufficient ok", pam.Success},
		"die with an ignored answer":                    {"[default=die] skip\nrequired ok", pam.PermDenied},
		"an unreadable control is bad for every answer": {"[success=ok nonsense] ok\nrequired ok", pam.PermDenied},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			for _, line := range strings.Split(c.stack, "\n") {
				b.WriteString("auth " + line + "\n")
			}
			stack, _ := load(t, map[string]string{"/etc/pam.d/x": b.String()}, false, "x").Stack(pam.Auth)
			out := pam.Simulate(stack, func(_ int, h pam.Handler) pam.Code { return answers[h.Module] })
			if out.Code != c.want {
				t.Errorf("%s, want %s", out.Code, c.want)
			}
		})
	}
}

// What holds of every stack: it ends, its trace only goes forward, and nobody gets in whom no module
// has let in.
func TestSimulateNeverInventsSuccess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 12).Draw(t, "entries")
		stack := make([]pam.Handler, n)
		level := 0
		for i := range stack {
			level = max(0, level+rapid.IntRange(-1, 1).Draw(t, "level"))
			control := rapid.SampledFrom([]string{"required", "requisite", "sufficient", "optional", "[success=2 default=ignore]", "success=1 default=die", "default=ok", "default=3", "junk"}).Draw(t, "control")
			actions, _ := pam.ParseControl(strings.Trim(control, "[]"))
			stack[i] = pam.Handler{Level: level, Actions: actions, Substack: rapid.Bool().Draw(t, "mark") && i%4 == 0}
		}
		codes := rapid.SliceOfN(rapid.SampledFrom([]pam.Code{pam.AuthErr, pam.Ignore, pam.UserUnknown, pam.Abort, 99}), n, n).Draw(t, "codes")
		out := pam.Simulate(stack, func(i int, _ pam.Handler) pam.Code { return codes[i] })
		if out.Code == pam.Success {
			t.Fatal("success out of nothing")
		}
		last := -1
		for _, step := range out.Trace {
			if step.Index <= last {
				t.Fatal("the trace goes back")
			}
			last = step.Index
		}
	})
}

func FuzzLoad(f *testing.F) {
	f.Add("auth required pam_unix.so nullok\n@include x\nauth [success=1 default=ignore] a [b\\]c]\n")
	f.Add("auth substack x\naccount include y\n-session optional \\\n z\n")
	f.Add("auth [success=99999999999999999999 default=]")
	f.Add("\x00\xff[\\")
	f.Fuzz(func(t *testing.T, content string) {
		if len(content) > 1<<12 {
			return
		}
		tree := memory{"/etc/pam.d/x": content, "/etc/pam.d/y": content}
		for _, debian := range []bool{true, false} {
			s, err := pam.Load(tree, pam.Dialect{Debian: debian}, "x")
			if err != nil {
				continue
			}
			lines := strings.Split(content, "\n")
			for _, kind := range pam.Types() {
				stack, _ := s.Stack(kind)
				for _, h := range stack {
					if h.Line < 1 || h.Line+len(h.Raw)-1 > len(lines) || h.Raw[0] != lines[h.Line-1] {
						t.Fatalf("entry of line %d holds %q", h.Line, h.Raw)
					}
				}
				pam.Simulate(stack, func(i int, _ pam.Handler) pam.Code { return pam.Code(i % 33) })
			}
		}
	})
}

func FuzzUpdate(f *testing.F) {
	f.Add("Name: x\nDefault: yes\nPriority: 3\nAuth-Type: Primary\nAuth:\n\t[success=end default=ignore] a.so b\n", "auth\t[success=1] a.so b c\n", "Module: x\n[success=end] a.so b\n")
	f.Fuzz(func(t *testing.T, profile, block, saved string) {
		tree := memory{}
		for _, kind := range pam.CommonKinds() {
			tree[pam.CommonPath(kind)] = "# here are the per-package modules (the \"Primary\" block)\n" + block +
				"# here's the fallback if no module succeeds\n# and here are more per-package modules (the \"Additional\" block)\n# end of pam-auth-update config\n"
			tree["/var/lib/pam/"+kind] = saved
		}
		add := []pam.Profile{{Name: "x", Content: []byte(profile)}}
		first, err := pam.Update(tree, add)
		if err != nil {
			return
		}
		for _, file := range first {
			tree[file.Path] = string(file.Content)
		}
		pam.Update(tree, add) //nolint:errcheck // a second run may find its own lines odd, but ends
	})
}

// memory is a file system of a few files, for speed.
type memory map[string]string

func (m memory) ReadFile(path string) ([]byte, error) {
	if content, ok := m[path]; ok {
		return []byte(content), nil
	}
	return nil, fs.ErrNotExist
}

func (m memory) Stat(path string) (host.FileInfo, error) {
	if path == "/etc/pam.d" {
		return host.FileInfo{Mode: fs.ModeDir | 0o755}, nil
	}
	return host.FileInfo{}, fs.ErrNotExist
}

func (m memory) Lstat(path string) (host.FileInfo, error) { return m.Stat(path) }
func (m memory) ReadDir(string) ([]fs.DirEntry, error)    { return nil, fs.ErrNotExist }
func (m memory) Readlink(string) (string, error)          { return "", fs.ErrInvalid }
func (m memory) Resolve(path string) (string, error)      { return path, nil }
