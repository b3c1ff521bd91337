package unitfile_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/unitfile"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

func TestParse(t *testing.T) {
	const text = "# comment\n; other\n[Unit]\nDescription = a  b \n\n[Service]\nExecStart=/bin/x \\\n# in between\n  --flag \\\n\t--last\nBroken\nEnvironment=\nPath=C:\\\\\n"
	got, err := unitfile.Parse("/u", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []unitfile.Assignment{
		{Path: "/u", Line: 4, Raw: []string{"Description = a  b "}, Section: "Unit", Key: "Description", Value: "a  b"},
		{Path: "/u", Line: 7, Raw: []string{`ExecStart=/bin/x \`, "# in between", `  --flag \`, "\t--last"}, Section: "Service", Key: "ExecStart", Value: "/bin/x    --flag  \t--last"},
		{Path: "/u", Line: 12, Raw: []string{"Environment="}, Section: "Service", Key: "Environment"},
		{Path: "/u", Line: 13, Raw: []string{`Path=C:\\`}, Section: "Service", Key: "Path", Value: `C:\\`},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseEnvReadsQuotesAndContinuations(t *testing.T) {
	const text = "A=1 # no comment\nB=\"x y\" \n# c\nC='a\nb'\nD=one \\\n  two\n1X=no\nE=\\\"q\\\"\n export F=1\n"
	got := map[string]string{}
	for _, a := range unitfile.ParseEnv("/e", []byte(text)) {
		got[a.Key] = a.Value
	}
	want := map[string]string{"A": "1 # no comment", "B": "x y", "C": "a\nb", "D": "one   two", "E": `"q"`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWords(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want []string
	}{
		"blanks separate":             {" a\tb  c ", []string{"a", "b", "c"}},
		"quotes keep blanks":          {`a 'b c' "d e"f`, []string{"a", "b c", "d ef"}},
		"escapes are C's":             {`a\x20b \101 \s`, []string{"a b", "A", " "}},
		"an unknown escape stays":     {`\q`, []string{`\q`}},
		"an empty quote is one word":  {`""`, []string{""}},
		"nothing is no word":          {"", nil},
		"a quote inside other quotes": {`"it's"`, []string{"it's"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := unitfile.Words(c.in)
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
		})
	}
	for _, bad := range []string{`"a`, `a\`} {
		if _, err := unitfile.Words(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func words(cmds []unitfile.Command) [][]string {
	var all [][]string
	for _, c := range cmds {
		var w []string
		for _, x := range c.Words {
			w = append(w, x.Text)
		}
		all = append(all, w)
	}
	return all
}

func TestCommandsAreExpandedAsSystemdDoes(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/usr/lib/systemd/system/k.service", "[Service]\nEnvironment=A=unit \"B=two words\"\nEnvironmentFile=-/etc/missing\nEnvironmentFile=/etc/default/k\nExecStart=/bin/old\n")
	f.Write("/etc/default/k", "A=file\nC=x y 'z w'\n")
	f.Write("/etc/systemd/system/k.service.d/50.conf", "[Service]\nExecStart=\nExecStart=-/bin/k $A ${B} $C pre${A}post $$A %%i $NONE ${NONE} ; /bin/two\n")
	u, err := unitfile.Load(f, "k.service")
	if err != nil {
		t.Fatal(err)
	}
	vars, err := unitfile.Environment(f, u)
	if err != nil {
		t.Fatal(err)
	}
	cmds, err := unitfile.Commands(u.List("Service", "ExecStart"), vars)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"/bin/k", "file", "two words", "x", "y", "z w", "prefilepost", "$A", "%i", ""}, {"/bin/two"}}
	if diff := cmp.Diff(want, words(cmds)); diff != "" {
		t.Error(diff)
	}
	if from := cmds[0].Words[1].From; from.Path != "/etc/default/k" || from.Line != 1 {
		t.Errorf("the value of $A is said to come from %s:%d", from.Path, from.Line)
	}
}

func TestAMissingEnvironmentFileIsAnErrorUnlessOptional(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/usr/lib/systemd/system/k.service", "[Service]\nEnvironmentFile=/etc/none\nExecStart=/bin/k\n")
	u, err := unitfile.Load(f, "k.service")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := unitfile.Environment(f, u); err == nil || !strings.Contains(err.Error(), "/etc/none does not exist") {
		t.Errorf("got %v", err)
	}
}

func TestLook(t *testing.T) {
	const lib, etc = "/usr/lib/systemd/system/", "/etc/systemd/system/"
	const wanted = "[Install]\nWantedBy=multi-user.target\n"
	for name, c := range map[string]struct {
		make func(f *hosttest.Fake)
		want unitfile.State
		pull int
	}{
		"a unit file that nothing links is disabled": {func(f *hosttest.Fake) { f.Write(lib+"a.service", wanted) }, unitfile.Disabled, 0},
		"a unit file without Install is static":      {func(f *hosttest.Fake) { f.Write(lib+"a.service", "[Unit]\n") }, unitfile.Static, 0},
		"a link in etc enables": {func(f *hosttest.Fake) {
			f.Write(lib+"a.service", wanted)
			f.Link(etc+"multi-user.target.wants/a.service", lib+"a.service")
		}, unitfile.Enabled, 1},
		"a link in usr pulls in without enabling": {func(f *hosttest.Fake) {
			f.Write(lib+"a.service", "[Unit]\n")
			f.Link(lib+"multi-user.target.wants/a.service", "../a.service")
		}, unitfile.Static, 1},
		"a masked link of etc takes back one of usr": {func(f *hosttest.Fake) {
			f.Write(lib+"a.service", "[Unit]\n")
			f.Link(lib+"multi-user.target.wants/a.service", "../a.service")
			f.Link(etc+"multi-user.target.wants/a.service", "/dev/null")
		}, unitfile.Enabled, 0},
		"a link to /dev/null masks": {func(f *hosttest.Fake) { f.Write(lib+"a.service", wanted); f.Link(etc+"a.service", "/dev/null") }, unitfile.Masked, 0},
		"an empty file masks":       {func(f *hosttest.Fake) { f.Write(lib+"a.service", wanted); f.Write(etc+"a.service", "") }, unitfile.Masked, 0},
		"a mask in run is gone at the next boot": {func(f *hosttest.Fake) {
			f.Write(lib+"a.service", wanted)
			f.Link("/run/systemd/system/a.service", "/dev/null")
		}, unitfile.MaskedRuntime, 0},
		"an alias is one":              {func(f *hosttest.Fake) { f.Write(lib+"b.service", wanted); f.Link(etc+"a.service", lib+"b.service") }, unitfile.Alias, 0},
		"nothing is not found":         {func(*hosttest.Fake) {}, unitfile.NotFound, 0},
		"a dangling link is not found": {func(f *hosttest.Fake) { f.Link(etc+"a.service", "/opt/a.service") }, unitfile.NotFound, 0},
		"an init script with links makes a service": {func(f *hosttest.Fake) {
			f.Write("/etc/init.d/a", "#!/bin/sh\n")
			f.Chattr("/etc/init.d/a", 0o755, 0, 0)
			f.Link("/etc/rc3.d/S01a", "../init.d/a")
		}, unitfile.Generated, 1},
		"the merged lib directory is not searched twice": {func(f *hosttest.Fake) {
			f.Write(lib+"a.service", wanted)
			f.Link("/lib", "usr/lib")
			f.Link(lib+"x.target.wants/a.service", "../a.service")
		}, unitfile.Disabled, 1},
		"only Also makes indirect": {func(f *hosttest.Fake) { f.Write(lib+"a.service", "[Install]\nAlso=b.socket\n") }, unitfile.Indirect, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			c.make(f)
			st, err := unitfile.Look(f, "a.service")
			if err != nil || st.State != c.want || len(st.Wants) != c.pull {
				t.Errorf("got %s, pulled by %v, %v; want %s, %d", st.State, st.Wants, err, c.want, c.pull)
			}
		})
	}
}

func TestLinksInALoopAreAnErrorAndEnd(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Link("/etc/systemd/system/a.service", "b.service")
	f.Link("/etc/systemd/system/b.service", "a.service")
	if _, err := unitfile.Look(f, "a.service"); err == nil {
		t.Error("no error")
	}
	if _, err := unitfile.Load(f, "../../etc/shadow"); err == nil || errors.Is(err, unitfile.ErrNotFound) {
		t.Errorf("a path is taken for a unit name: %v", err)
	}
}

func TestTriggersFindsSocketsTimersAndPaths(t *testing.T) {
	f := hosttest.Tree(t, "")
	const lib = "/usr/lib/systemd/system/"
	f.Write(lib+"ssh.service", "[Unit]\n")
	f.Write(lib+"ssh.socket", "[Socket]\nListenStream=22\nAccept=no\n")
	f.Write(lib+"other.timer", "[Timer]\nUnit=ssh.service\n")
	f.Write(lib+"ssh.path", "[Path]\nUnit=else.service\n")
	f.Write(lib+"masked.socket", "[Socket]\nService=ssh.service\n")
	f.Link("/etc/systemd/system/masked.socket", "/dev/null")
	got, err := unitfile.Triggers(f, "ssh.service")
	if want := []string{"other.timer", "ssh.socket"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestPresetsTheFirstLineThatMatchesDecides(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/usr/lib/systemd/system-preset/90-default.preset", "# x\nenable sshd.service\nenable getty@.service tty1\n")
	f.Write("/usr/lib/systemd/system-preset/99-disable.preset", "disable *\n")
	f.Write("/usr/lib/systemd/system-preset/10-x.preset", "enable nfs-server.service\n")
	f.Write("/etc/systemd/system-preset/10-x.preset", "disable nfs-*\n")
	for unit, want := range map[string]bool{
		"sshd.service": true, "nfs-server.service": false, "cups.service": false, "getty@tty1.service": true, "getty@tty2.service": false,
	} {
		p, err := unitfile.FindPreset(f, unit)
		if err != nil || p.Enable != want {
			t.Errorf("%s: %+v, %v", unit, p, err)
		}
	}
}

func TestFirstBoot(t *testing.T) {
	f := hosttest.Tree(t, "")
	for content, want := range map[string]bool{"": false, "uninitialized\n": true, "4c1bb4e0b2f14c4f8d5c3f0a8e9d7b61\n": false} {
		f.Write("/etc/machine-id", content)
		if got, err := unitfile.FirstBoot(f); err != nil || got != want {
			t.Errorf("%q: %v, %v", content, got, err)
		}
	}
	f.Delete("/etc/machine-id")
	if got, err := unitfile.FirstBoot(f); err != nil || !got {
		t.Errorf("a missing file: %v, %v", got, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("[Service]\nExecStart=/bin/x \\\n y\n")
	f.Add("[a\n")
	f.Add("\xff\x00[x]\n=\n\\")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := unitfile.Parse("/u", []byte(text))
		if err != nil {
			return
		}
		lines := strings.Split(text, "\n")
		for _, a := range list {
			if a.Line < 1 || a.Line-1+len(a.Raw) > len(lines) {
				t.Fatalf("assignment at %d with %d lines of %d", a.Line, len(a.Raw), len(lines))
			}
			for i, raw := range a.Raw {
				if want := lines[a.Line-1+i]; raw != want && !(a.Line+i == 1 && "\ufeff"+raw == want) {
					t.Fatalf("line %d is %q, not %q", a.Line+i, want, raw)
				}
			}
			_, _ = unitfile.Words(a.Value)
		}
	})
}

func FuzzParseEnv(f *testing.F) {
	f.Add("A=\"x\ny\"\nB='z\\\n")
	f.Add("A=\\")
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Split(text, "\n")
		for _, a := range unitfile.ParseEnv("/e", []byte(text)) {
			if !slices.Equal(a.Raw, lines[a.Line-1:a.Line-1+len(a.Raw)]) {
				t.Fatalf("lines of %s differ", a.Key)
			}
		}
	})
}
