//go:build linux

package behaviour

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/examples/lab"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Machine is a machine that can be logged in to: lab.User by key, with sudo, and lab.Alice by password.
type Machine interface {
	SSH(ctx context.Context, command string, options ...string) (lab.Result, error)
	SSHInput(ctx context.Context, input io.Reader, command string, options ...string) (lab.Result, error)
	SSHPassword(ctx context.Context, user, password, command string, options ...string) (lab.Result, error)
	Console(ctx context.Context) (io.ReadWriteCloser, error)
	Reboot(ctx context.Context) error
}

// Subject is a hardened machine and what is known about it.
type Subject struct {
	Machine
	Attested *report.Report
	Before   Boot // how it booted before it was hardened

	// OwnKernel says that the machine's kernel is its own, and not that of the machine it is tested on.
	OwnKernel bool
	// Harden is the on-host program, and Vars the parameters it was run with.
	Harden string
	Vars   []string
	// NotPromised names the behaviours that the machine's profile doesn't ask for. Any other must hold.
	NotPromised []string
	// Expected are outcomes that giving the machine its accounts changes, by rule.
	Expected map[string]rule.Outcome

	password string // Alice's
}

// one is a behaviour. It is promised when all its rules are attested as passing.
type one struct {
	name   string
	rules  []string
	kernel bool // needs a kernel of the machine's own
	waits  bool // mostly sleeps: goes on beside others of its kind, after the rest
	holds  func(*testing.T, *Subject)
}

// list is every behaviour, in an order in which none disturbs a later one.
func list() []one {
	return []one{
		{name: "harden check repeats the attested report", holds: checkRepeats},
		{name: "the units that fail are those that did before", holds: failedUnits},
		{name: "how long units take is on record", holds: bootTimes},
		{name: "the journal is still there", rules: []string{"journal-persistent"}, holds: journalPersists},
		{name: "kernel modules stay out", kernel: true, holds: modulesStayOut},
		{name: "kernel parameters have their values", holds: parametersHold},
		{name: "the key and sudo let the admin in", holds: keyLogin},
		{name: "the console lets a password in", rules: []string{"issue-banner"}, holds: consoleLogin},
		{name: "the banner is shown", rules: []string{"ssh-banner"}, holds: bannerShown},
		{name: "weak ciphers are refused", rules: []string{"ssh-ciphers-strong"}, holds: weakCiphers},
		{name: "weak MACs are refused", rules: []string{"ssh-macs-strong"}, holds: weakMACs},
		{name: "weak key exchanges are refused", rules: []string{"ssh-key-exchanges-strong"}, holds: weakKeyExchanges},
		{name: "X11 is not forwarded", rules: []string{"ssh-x11-forwarding-off"}, holds: x11NotForwarded},
		{name: "new files are closed to others", rules: []string{"umask-restrictive"}, holds: umask},
		{name: "crashes leave no dump", rules: []string{"core-size-limited"}, holds: noDumps},
		{name: "a user's cron is refused", rules: []string{"cron-users-limited"}, holds: cronRefused},
		{name: "su is for its group", rules: []string{"su-restricted"}, holds: suRefused},
		{name: "bad passwords are refused", rules: []string{"password-quality"}, holds: badPasswords},
		{name: "old passwords do not come back", rules: []string{"password-history"}, holds: oldPasswords},
		{name: "wrong passwords lock an account for a while", rules: []string{"account-lockout"}, waits: true, holds: lockout},
		{name: "an idle shell ends", rules: []string{"shell-timeout"}, waits: true, holds: idleShell},
	}
}

// marker is what the journal must still hold after a reboot.
const marker = "written before the reboot of the test"

// Run reboots the machine and tries everything that its report promises.
func Run(t *testing.T, s *Subject) {
	s.password = lab.AlicePassword
	s.sudo(t, "logger "+marker+" && journalctl --sync")
	if err := s.Reboot(t.Context()); err != nil {
		t.Fatal(err)
	}
	var not []string
	for _, b := range list() {
		switch {
		case b.kernel && !s.OwnKernel:
		case !s.promises(b.rules):
			not = append(not, b.name)
		default:
			t.Run(b.name, func(t *testing.T) {
				if b.waits {
					t.Parallel()
				}
				b.holds(t, s)
			})
		}
	}
	if !slices.Equal(not, s.NotPromised) {
		t.Errorf("not promised are %q, want %q", not, s.NotPromised)
	}
}

func (s *Subject) promises(rules []string) bool {
	for _, id := range rules {
		i := slices.IndexFunc(s.Attested.Results, func(r report.Result) bool { return r.Rule == id })
		if i < 0 || s.Attested.Results[i].Outcome != rule.Pass {
			return false
		}
	}
	return true
}

// run runs a command as the admin, which must succeed.
func (s *Subject) run(t *testing.T, command string) string {
	t.Helper()
	res, err := s.SSH(t.Context(), command)
	if err != nil || res.Code != 0 {
		t.Fatalf("%s: %v, status %d: %s%s", command, err, res.Code, res.Stdout, res.Stderr)
	}
	return strings.TrimSpace(res.Stdout)
}

// sudo runs a script as root, which must succeed.
func (s *Subject) sudo(t *testing.T, script string) string {
	t.Helper()
	res, err := s.SSHInput(t.Context(), strings.NewReader(script), "sudo -n /bin/sh -eu")
	if err != nil || res.Code != 0 {
		t.Fatalf("%s: %v, status %d: %s%s", script, err, res.Code, res.Stdout, res.Stderr)
	}
	return strings.TrimSpace(res.Stdout)
}

// asAlice runs a command as the account with a password.
func (s *Subject) asAlice(t *testing.T, command string) lab.Result {
	t.Helper()
	res, err := s.SSHPassword(t.Context(), lab.Alice, s.password, command)
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return res
}

// variable is a parameter of the profile, as the report has it.
func (s *Subject) variable(t *testing.T, name string) string {
	t.Helper()
	for _, v := range s.Attested.Profile.Variables {
		if v.Name == name {
			return v.Value
		}
	}
	t.Fatalf("the report has no variable %s", name)
	return ""
}

func (s *Subject) list(t *testing.T, name string) []string {
	t.Helper()
	var values []string
	if err := json.Unmarshal([]byte(s.variable(t, name)), &values); err != nil || len(values) == 0 {
		t.Fatalf("variable %s: %v, %q", name, err, values)
	}
	return values
}

func (s *Subject) number(t *testing.T, name string) int {
	t.Helper()
	n, err := strconv.Atoi(s.variable(t, name))
	if err != nil {
		t.Fatalf("variable %s: %v", name, err)
	}
	return n
}

// parts are the resources of a kind, with the outcome of their rule.
func (s *Subject) parts(kind string) []part {
	var all []part
	for _, r := range s.Attested.Results {
		for _, p := range r.Resources {
			if p.Kind == kind {
				all = append(all, part{p, r.Outcome == rule.Pass})
			}
		}
	}
	return all
}

type part struct {
	report.Part
	passes bool // its rule does
}

func (p part) String() string { return fmt.Sprintf("%s (%s)", p.Name, p.Message) }
