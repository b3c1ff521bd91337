//go:build linux

package behaviour

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Boot is how a machine booted, as systemd tells it.
type Boot struct {
	Failed string // systemctl --failed --plain --no-legend
	Blame  string // systemd-analyze blame
}

// BootOf asks a machine that has booted.
func BootOf(ctx context.Context, m Machine) (Boot, error) {
	var said []string
	for _, command := range []string{"systemctl --failed --plain --no-legend", "systemd-analyze blame --no-pager"} {
		res, err := m.SSH(ctx, command)
		if err != nil || res.Code != 0 {
			return Boot{}, fmt.Errorf("cannot tell how the machine booted: %w, %s", err, res.Stderr)
		}
		said = append(said, res.Stdout)
	}
	return Boot{Failed: said[0], Blame: said[1]}, nil
}

func checkRepeats(t *testing.T, s *Subject) {
	file, err := os.Open(s.Harden)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	res, err := s.SSHInput(t.Context(), file, "cat >harden-check && chmod 0700 harden-check")
	if err != nil || res.Code != 0 {
		t.Fatalf("%v, %+v", err, res)
	}
	command := "sudo -n ./harden-check check --require persisted --format json"
	for _, v := range s.Vars {
		command += " --var " + v
	}
	res, err = s.SSH(t.Context(), command)
	if err != nil || res.Code > 1 {
		t.Fatalf("%v, status %d: %s", err, res.Code, res.Stderr)
	}
	s.run(t, "rm harden-check")
	now, err := report.Parse([]byte(res.Stdout))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(now.Results), len(s.Attested.Results); got != want {
		t.Errorf("%d results, and %d were attested", got, want)
	}
	outcomes := map[string]report.Result{}
	for _, r := range now.Results {
		outcomes[r.Rule] = r
	}
	for _, r := range s.Attested.Results {
		got, want := outcomes[r.Rule], r.Outcome
		if expected, ok := s.Expected[r.Rule]; ok {
			want = expected
		}
		if got.Outcome != want {
			t.Errorf("%s is %s, and was attested as %s: %s; now: %s", r.Rule, got.Outcome, r.Outcome, r.Message, got.Message)
		}
		// What runs must by now be what is persisted; a kernel that is another's does not count.
		if got.RunningDiffers && got.Outcome == rule.Pass && s.OwnKernel {
			t.Errorf("%s: what runs differs after the boot: %+v", r.Rule, got.Observed)
		}
	}
}

func failedUnits(t *testing.T, s *Subject) {
	now, err := BootOf(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if now.Failed != s.Before.Failed {
		t.Errorf("failed units before:\n%safter:\n%s", s.Before.Failed, now.Failed)
	}
}

// bootTimes writes down the slowest units and what they took before. It judges nothing: how long an emulated machine
// takes says more about who else is busy.
func bootTimes(t *testing.T, s *Subject) {
	now, err := BootOf(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	before, after := blame(s.Before.Blame), blame(now.Blame)
	if len(before) == 0 || len(after) == 0 {
		t.Fatalf("systemd-analyze blame said %q before and %q now", s.Before.Blame, now.Blame)
	}
	units := make([]string, 0, len(after))
	for unit := range after {
		units = append(units, unit)
	}
	slices.SortFunc(units, func(a, b string) int {
		if after[a] != after[b] {
			return int(after[b] - after[a])
		}
		return strings.Compare(a, b)
	})
	for _, unit := range units[:min(15, len(units))] {
		was := "not there before"
		if d, ok := before[unit]; ok {
			was = d.String() + " before"
		}
		t.Logf("%10s  %s (%s)", after[unit], unit, was)
	}
}

// blame reads lines such as "1min 2.345s foo.service".
func blame(said string) map[string]time.Duration {
	units := map[string]time.Duration{}
	for line := range strings.Lines(said) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		took := strings.ReplaceAll(strings.Join(fields[:len(fields)-1], ""), "min", "m")
		if d, err := time.ParseDuration(took); err == nil {
			units[fields[len(fields)-1]] = d
		}
	}
	return units
}

func journalPersists(t *testing.T, s *Subject) {
	if said := s.sudo(t, "journalctl --quiet --boot=-1 --identifier=root --grep='"+marker+"' --output=cat"); said != marker {
		t.Errorf("the journal of the boot before says %q", said)
	}
}

func modulesStayOut(t *testing.T, s *Subject) {
	builtin := map[string]bool{}
	for line := range strings.Lines(s.run(t, "cat /lib/modules/$(uname -r)/modules.builtin")) {
		name := line[strings.LastIndex(line, "/")+1:]
		builtin[underscored(strings.TrimSuffix(strings.TrimSpace(name), ".ko"))] = true
	}
	// One login for all: each costs an emulated machine a second.
	var script strings.Builder
	for _, p := range s.parts("kernel_module") {
		fmt.Fprintf(&script, "status=0; modprobe -- %s 2>/dev/null || status=$?\n", p.Name)
		fmt.Fprintf(&script, "echo %s $status $(grep -c '^%s ' /proc/modules)\n", p.Name, underscored(p.Name))
	}
	// A module that nobody forbids: then it is not modprobe that is broken.
	script.WriteString("modprobe dummy; rmmod dummy\n")
	tried := map[string]string{}
	for line := range strings.Lines(s.sudo(t, script.String())) {
		name, what, _ := strings.Cut(strings.TrimSpace(line), " ")
		tried[name] = what
	}
	promised := 0
	for _, p := range s.parts("kernel_module") {
		if says := strings.Contains(p.Message, "built into the kernel"); says != builtin[underscored(p.Name)] {
			t.Errorf("%s: the report says built in: %v", p, says)
		}
		if !p.passes {
			continue
		}
		promised++
		if what := tried[p.Name]; what != "1 0" { // status of modprobe, times it is loaded
			t.Errorf("%s: modprobe and /proc/modules say %q", p, what)
		}
	}
	if promised == 0 {
		t.Error("the report has no module that must stay out")
	}
}

func underscored(name string) string { return strings.ReplaceAll(name, "-", "_") }

func parametersHold(t *testing.T, s *Subject) {
	promised := map[string]part{}
	var names []string
	for _, p := range s.parts("sysctl") {
		if p.passes && (s.OwnKernel || strings.HasPrefix(p.Name, "net.")) {
			promised[p.Name] = p
			names = append(names, p.Name)
		}
	}
	if len(names) == 0 {
		t.Fatal("the report has no kernel parameter")
	}
	for line := range strings.Lines(s.run(t, "/sbin/sysctl "+strings.Join(names, " "))) {
		name, got, _ := strings.Cut(strings.TrimSpace(line), " = ")
		if p := promised[name]; got != p.Observed.Persisted {
			t.Errorf("%s is %s after the boot, and %s was attested", p, got, p.Observed.Persisted)
		}
		delete(promised, name)
	}
	if len(promised) > 0 {
		t.Errorf("sysctl does not know %v", promised)
	}
}
