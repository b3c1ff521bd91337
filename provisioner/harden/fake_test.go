package harden

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/nodeimage/packer-plugin-harden/profiles"
	"github.com/nodeimage/packer-plugin-harden/remediate/attest"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// TestMain lets this binary also be the binary "harden" that the tests upload: it takes the same
// arguments, changes nothing, and answers as the environment's FAKE says.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "apply" || os.Args[1] == "check") {
		os.Exit(fake(os.Args[1], os.Args[2:], os.Getenv("FAKE")))
	}
	os.Exit(m.Run())
}

type list []string

func (l *list) String() string     { return strings.Join(*l, ",") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

func fake(command string, args []string, behave string) int {
	var names, vars, waivers, only, skip list
	f := flag.NewFlagSet("harden", flag.ContinueOnError)
	f.Var(&names, "profile", "")
	f.Var(&vars, "var", "")
	f.Var(&waivers, "waivers", "")
	f.Var(&only, "rule", "")
	f.Var(&skip, "skip", "")
	level := f.Int("level", 0, "")
	require := f.String("require", "", "")
	nonce := f.String("nonce", "", "")
	runID := f.String("run-id", "", "")
	output := f.String("output", "", "")
	f.String("format", "", "")
	var deprovision, cleanup, account, policy *string
	var keep *bool
	attesting := false
	if command == "apply" {
		deprovision = f.String("deprovision-command", "", "")
		cleanup = f.String("cleanup", "", "")
		account = f.String("account", "", "")
		policy = f.String("policy", "", "")
		f.String("account-addr", "", "")
		keep = f.Bool("keep-journal", true, "")
		f.String("keep-account", "", "")
		f.String("on-lockout", "", "")
	} else {
		f.BoolVar(&attesting, "attest", false, "")
	}
	if err := f.Parse(args); err != nil {
		return 2
	}

	variables := map[string]string{}
	for _, v := range vars {
		k, v, _ := strings.Cut(v, "=")
		variables[k] = v
	}
	p, err := profile.Load(profile.Options{
		Library: profiles.FS, Profiles: names, Platform: profile.Platform{OS: "ubuntu", Version: "24.04"}, Variables: variables,
		Waivers: waivers, Level: *level, Only: only, Skip: skip,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "harden:", err)
		return 2
	}
	if account != nil && *account == "" {
		fmt.Fprintln(os.Stderr, "harden: no account")
		return 2
	}

	make := func(action report.Action) []byte {
		r := &report.Report{
			Schema: report.Schema, Action: action, Require: *require,
			Tool:    report.Tool{Name: "harden", Version: "0", Digest: ownDigest()},
			Profile: report.Profile{Name: p.Name, Digest: p.Digest},
			Host:    report.Host{OS: "ubuntu", Version: "24.04"},
			Started: time.Now(), Finished: time.Now(), Nonce: *nonce, RunID: *runID, Compliant: true,
		}
		for i, want := range p.Rules {
			res := report.Result{Rule: want.ID, Title: want.Title, Outcome: rule.Pass, Message: "as wanted", Controls: []report.Control{}}
			if i == 0 && strings.Contains(behave, "deviates") {
				res.Outcome, res.Message = rule.Fail, "has \x1b[31mhmac-md5\x1b[0m"
				res.Controls = []report.Control{{ID: "1.1", Level: 1}}
				res.Sources = []rule.Source{{Path: "/etc/loser", Line: 3}, {Path: "/etc/winner", Line: 7, Wins: true}}
			}
			if i == 0 && strings.Contains(behave, "heals") && action == report.Apply {
				res.Outcome = rule.Fail
			}
			res.RunningDiffers = strings.Contains(behave, "running")
			if res.Outcome == rule.Pass {
				r.Summary.Pass++
			} else {
				r.Summary.Fail++
				r.Compliant = false
			}
			r.Results = append(r.Results, res)
		}
		if strings.Contains(behave, "journal") && (keep == nil || *keep) {
			r.Journals = []report.Journal{{Run: 1, State: "applied"}}
		}
		if strings.Contains(behave, "interrupted") && action == report.Apply {
			r.Interrupted, r.Compliant, failed = "no space left on device", false, true
		}
		switch {
		case strings.Contains(behave, "nonce"):
			r.Nonce = strings.Repeat("0", 32)
		case strings.Contains(behave, "digest"):
			r.Tool.Digest = "beef"
		case strings.Contains(behave, "another profile"):
			r.Profile.Digest = "beef"
		case strings.Contains(behave, "vanished"):
			r.Results = r.Results[1:]
			r.Summary.Pass--
		case strings.Contains(behave, "another run"):
			r.RunID = "another"
		case strings.Contains(behave, "another action"):
			r.Action = report.Check
		}
		var b strings.Builder
		if err := report.JSON(&b, r); err != nil {
			return nil
		}
		data := b.String()
		switch {
		case strings.Contains(behave, "truncated"):
			data = data[:len(data)/2]
		case strings.Contains(behave, "huge"):
			data += strings.Repeat(" ", report.MaxSize)
		}
		failed = failed || !r.Compliant
		if policy != nil && *policy != "" {
			judge, err := attest.LoadJudge(*policy, "")
			failed = err != nil || len(judge.Refusals(r, time.Now())) > 0
		}
		return []byte(data)
	}

	fmt.Fprintf(os.Stderr, "%s: 1 of %d rules\x1b[2J\r\n", command, len(p.Rules))
	if strings.Contains(behave, "sleeps") {
		time.Sleep(time.Minute)
	}
	if strings.Contains(behave, "naps") {
		time.Sleep(300 * time.Millisecond)
	}
	if strings.Contains(behave, "silent") {
		return 0
	}

	if deprovision != nil && *deprovision != "" {
		if err := report.WriteFrame(os.Stdout, "apply", *nonce, make(report.Apply)); err != nil {
			return 2
		}
		if failed {
			return 1
		}
		if err := os.RemoveAll(*cleanup); err != nil {
			return 2
		}
		sh := exec.Command("/bin/sh", "-c", *deprovision)
		sh.Stdout, sh.Stderr = os.Stdout, os.Stderr
		if err := sh.Run(); err != nil {
			fmt.Fprintln(os.Stderr, "harden: cannot deprovision:", err)
			return 2
		}
		if err := report.WriteFrame(os.Stdout, "attest", *nonce, make(report.Attest)); err != nil {
			return 2
		}
	} else {
		action := report.Apply
		if command == "check" {
			action = report.Attest
			failed = false
		}
		if err := os.WriteFile(*output, make(action), 0o600); err != nil {
			return 2
		}
	}
	switch {
	case strings.Contains(behave, "claims"):
		return 0
	case strings.Contains(behave, "complains"):
		return 2
	case failed:
		return 1
	}
	return 0
}

var failed bool

func ownDigest() string {
	f, err := os.Open("/proc/self/exe")
	if err != nil {
		return ""
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

func resultWithParts() report.Result {
	return report.Result{Resources: []report.Part{
		{Outcome: rule.Pass, Sources: []rule.Source{{Path: "/etc/a", Line: 1, Wins: true}}},
		{Outcome: rule.Fail, Sources: []rule.Source{{Path: "/etc/c", Line: 9}, {Path: "/etc/b", Line: 2, Wins: true}}},
	}}
}
