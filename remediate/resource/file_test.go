package resource

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

func TestFileRefusesWhatMakesNoSense(t *testing.T) {
	for name, src := range map[string]string{
		"a relative path":              `file "etc/x" { state = "absent" }`,
		"a path with dots":             `file "/etc/../x" { state = "absent" }`,
		"nothing demanded":             `file "/etc/x" {}`,
		"a mode that is not octal":     `file "/etc/x" { mode = "0688" }`,
		"a mode in words":              `file "/etc/x" { mode = "u=rw" }`,
		"an unknown state":             `file "/etc/x" { state = "gone" }`,
		"absent and a mode":            "file \"/etc/x\" {\n state = \"absent\"\n mode = \"0600\"\n}",
		"group and groups":             "file \"/etc/x\" {\n group = \"a\"\n groups = [\"b\"]\n}",
		"an attribute that is unknown": "file \"/etc/x\" {\n owners = \"a\"\n}",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parseBlock(t, fileKind(), src); err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestFileThatIsAbsentIsNotApplicableUnlessItMustBeThere(t *testing.T) {
	f := hosttest.Tree(t, "")
	r := mustBlock(t, fileKind(), `file "/etc/crontab" { mode = "0600" }`)
	if o := observe(t, f, r); o.NotApplicable == "" || len(r.Diff(o)) != 0 {
		t.Errorf("got %+v", o)
	}
	f.Link("/etc/crontab", "/nowhere")
	if o := observe(t, f, r); o.NotApplicable == "" || o.Persisted != "a link that leads nowhere" {
		t.Errorf("a dangling link: got %+v", o)
	}
	settle(t, f, mustBlock(t, fileKind(), "file \"/etc/cron.allow\" {\n state = \"present\"\n mode = \"0640\"\n}"))
	if info, err := f.Stat("/etc/cron.allow"); err != nil || info.Mode.Perm() != 0o640 {
		t.Errorf("got %v, %v", info.Mode, err)
	}
}

func TestFileResolvesNamesOnTheTarget(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/x", "")
	f.Write("/etc/passwd", "root:x:0:0::/:/bin/sh\nwaagent:x:4711:1::/:/bin/sh\nbad:x:many:1::/:/bin/sh\n")
	settle(t, f, mustBlock(t, fileKind(), `file "/etc/x" { owner = "waagent" }`))
	if info, _ := f.Stat("/etc/x"); info.UID != 4711 {
		t.Errorf("owner is %d", info.UID)
	}
	for _, owner := range []string{"nobody-has-this-name", "bad"} {
		r := mustBlock(t, fileKind(), `file "/etc/x" { owner = "`+owner+`" }`)
		if _, err := r.Observe(t.Context(), f); err == nil {
			t.Errorf("%s: no error", owner)
		}
	}
}

func TestFileLooksThroughALinkAndNamesBothEnds(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/usr/lib/issue", "x\n")
	f.Chattr("/usr/lib/issue", 0o666, 0, 0)
	f.Link("/etc/issue", "../usr/lib/issue")
	r := mustBlock(t, fileKind(), `file "/etc/issue" { mode = "0644" }`)
	o := observe(t, f, r)
	if len(o.Sources) != 2 || o.Sources[1].Path != "/usr/lib/issue" || !o.Sources[1].Wins || !strings.Contains(o.Sources[0].Text, "/usr/lib/issue") {
		t.Errorf("got %+v", o.Sources)
	}
	settle(t, f, r)
}

func TestFileRemovesALinkAndNotWhatItLeadsTo(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/usr/share/x", "keep")
	f.Link("/etc/x", "/usr/share/x")
	settle(t, f, mustBlock(t, fileKind(), `file "/etc/x" { state = "absent" }`))
	if f.Read("/usr/share/x") != "keep" {
		t.Error("what the link led to is gone")
	}
	f.Mkdir("/etc/d")
	r := mustBlock(t, fileKind(), `file "/etc/d" { state = "absent" }`)
	if d := r.Diff(observe(t, f, r)); len(d) != 1 || d[0] != (rule.Unfixable{Subject: "/etc/d", Reason: "it is a directory, and only files and links are removed", Of: rule.Persisted}) {
		t.Errorf("a directory: got %v", d)
	}
}

// Whatever the mode and the bound, the change takes bits away and never gives one.
func TestFileModeOnlyEverGetsStricter(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		mode := uint32(rapid.IntRange(0, 0o7777).Draw(rt, "mode"))
		bound := uint32(rapid.IntRange(0, 0o7777).Draw(rt, "bound"))
		r := file{path: "/x", want: fileWant{Mode: "given", mode: fileMode(bound)}}
		found := fileFound{exists: true}
		found.info.Mode = fileMode(mode)
		changes := r.Diff(rule.Observation{State: found})
		if mode&^bound == 0 {
			if len(changes) != 0 {
				rt.Fatalf("%o within %o: %v", mode, bound, changes)
			}
			return
		}
		if got := *changes[0].(rule.SetAttr).Mode; got != fileMode(mode&bound) {
			rt.Fatalf("%o within %o becomes %s", mode, bound, octal(got))
		}
	})
}

func fileMode(n uint32) fs.FileMode {
	m, err := parseMode(fmt.Sprintf("%04o", n))
	if err != nil {
		panic(err)
	}
	return m
}
