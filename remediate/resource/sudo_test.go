package resource

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

const usePty = "sudo_default \"use_pty\" {\n value = \"on\"\n}"
const timeoutAtMost15 = "sudo_default \"timestamp_timeout\" {\n min = 0\n max = 15\n}"

func TestSudoDefaultPasses(t *testing.T) {
	for _, c := range []struct{ name, sudoers, program, block, says string }{
		{"the last line counts", "Defaults !use_pty\nDefaults use_pty\n", "", usePty, "/etc/sudoers:2"},
		{"a release that has it on", "root ALL=ALL\n", "\x001.9.15p5\x00", usePty, "built in"},
		{"a fraction of a minute", "Defaults timestamp_timeout=2.5\n", "", timeoutAtMost15, "2.5"},
		{"zero by negation", "Defaults !timestamp_timeout\n", "", timeoutAtMost15, "!timestamp_timeout"},
		{"the built-in time", "root ALL=ALL\n", "", timeoutAtMost15, "built in"},
		{"any log file", "Defaults logfile=/x\n", "", "sudo_default \"logfile\" {\n value = \"/var/log/sudo.log\"\n any = true\n}", "/x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			f.Write("/etc/sudoers", c.sudoers)
			if c.program != "" {
				f.Write("/usr/bin/sudo", c.program)
			}
			r := mustBlock(t, sudoDefaultKind(), c.block)
			o := observe(t, f, r)
			if len(r.Diff(o)) > 0 || !strings.Contains(o.Message, c.says) {
				t.Errorf("%q %+v", o.Message, r.Diff(o))
			}
		})
	}
}

func TestSudoDefaultDeviatesAndSettles(t *testing.T) {
	for _, c := range []struct{ name, sudoers, program, block string }{
		{"an older release has it off", "root ALL=ALL\n@includedir /etc/sudoers.d\n", "\x001.9.9\x00", usePty},
		{"no directory is included", "root ALL=ALL\n", "", usePty},
		{"one user is let off", "Defaults use_pty\nDefaults:joe !use_pty, !lecture\n", "", usePty},
		{"never asked again", "Defaults timestamp_timeout=-1\n", "", timeoutAtMost15},
		{"a command is let off", "@includedir /etc/sudoers.d\nDefaults!/bin/x !authenticate\n", "", "sudo_default \"authenticate\" {\n value = \"on\"\n}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			f.Write("/etc/sudoers", c.sudoers)
			if c.program != "" {
				f.Write("/usr/bin/sudo", c.program)
			}
			r := mustBlock(t, sudoDefaultKind(), c.block)
			if len(r.Diff(observe(t, f, r))) == 0 {
				t.Fatal("it passes")
			}
			settle(t, f, r)
		})
	}
}

// Whatever lines speak about a setting, one pass makes it right.
func TestSudoDefaultAlwaysSettles(t *testing.T) {
	f := hosttest.Tree(t, "")
	r := mustBlock(t, sudoDefaultKind(), timeoutAtMost15)
	line := rapid.Custom(func(t *rapid.T) string {
		scope := rapid.SampledFrom([]string{"", ":joe", "@h", "!/bin/x", ">root", ":%g,!x"}).Draw(t, "scope")
		what := rapid.SampledFrom([]string{"timestamp_timeout=%d", "!timestamp_timeout, lecture", "lecture, timestamp_timeout=%d", "passwd_tries=%d \\\n , timestamp_timeout=60"}).Draw(t, "what")
		if strings.Contains(what, "%d") {
			what = fmt.Sprintf(what, rapid.IntRange(-2, 40).Draw(t, "n"))
		}
		return "Defaults" + scope + " " + what + "\n"
	})
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		for range rapid.IntRange(0, 5).Draw(t, "lines") {
			b.WriteString(line.Draw(t, "line"))
		}
		f.Write("/etc/sudoers.d/90-x", line.Draw(t, "late"))
		f.Write("/etc/sudoers", b.String()+"@includedir /etc/sudoers.d\n"+rapid.SampledFrom([]string{"", "Defaults timestamp_timeout=99\n"}).Draw(t, "last"))
		settle(t, f, r)
		if _, err := f.Lstat(sudoDropIn); err == nil {
			f.Delete(sudoDropIn)
		}
	})
}

func TestWithoutSudoNothingIsAsked(t *testing.T) {
	f := hosttest.Tree(t, "")
	for _, r := range []Resource{mustBlock(t, sudoDefaultKind(), usePty), mustBlock(t, sudoPasswordKind(), "sudo_password \"x\" {\n required_of = \"everybody\"\n}")} {
		if o := observe(t, f, r); o.NotApplicable == "" {
			t.Errorf("%+v", o)
		}
	}
}

func TestWhatSudoRefusesIsAnError(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/sudoers", "joe ALL=ls\n")
	r := mustBlock(t, sudoDefaultKind(), usePty)
	if _, err := r.Observe(context.Background(), f); err == nil || !strings.Contains(err.Error(), "/etc/sudoers:1") {
		t.Error(err)
	}
}

func TestALaterLineThatAsksTakesResidueBack(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/sudoers", "joe ALL=(ALL) NOPASSWD: ALL\njoe ALL=(ALL) PASSWD: ALL\n")
	r := mustBlock(t, sudoPasswordKind(), "sudo_password \"x\" {\n required_of = \"everybody\"\n}")
	if o := observe(t, f, r); len(r.Diff(o)) > 0 {
		t.Errorf("%+v", o)
	}
}

// visudo that says what the test wants.
type sudoJudge struct {
	status int
	output string
}

func (sudoJudge) Stage(files func(string) map[string][]byte) (string, func(), error) {
	files("/staged")
	return "/staged", func() {}, nil
}

func (j sudoJudge) Run(context.Context, ...string) ([]byte, int, error) {
	return []byte(j.output), j.status, nil
}

func TestThePlanKeepsSudoReadable(t *testing.T) {
	before := hosttest.Tree(t, "")
	before.Write("/etc/sudoers", "%sudo ALL=(ALL) ALL\npacker ALL=(ALL) NOPASSWD: ALL\n")
	before.Write("/usr/sbin/visudo", "")
	for _, c := range []struct {
		name, after, refusal string
		programs             host.Programs
	}{
		{"nothing is lost", "Defaults use_pty\npacker ALL=(ALL) NOPASSWD: ALL\n", "", sudoJudge{}},
		{"a file that sudo refuses", "packer ALL=\n", "/etc/sudoers:1", nil},
		{"visudo's no", "packer ALL=(ALL) NOPASSWD: ALL\n", "/etc/sudoers:1:1: syntax error", sudoJudge{1, "/staged/etc/sudoers:1:1: syntax error\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			after := host.NewOverlay(before)
			if err := after.Put("/etc/sudoers", []byte(c.after), rule.Attr{}); err != nil {
				t.Fatal(err)
			}
			err := guardSudo(context.Background(), Proposal{Before: before, After: after, Programs: c.programs})
			if c.refusal == "" && err != nil || c.refusal != "" && (err == nil || !strings.Contains(err.Error(), c.refusal)) {
				t.Errorf("error is %v", err)
			}
		})
	}
}
