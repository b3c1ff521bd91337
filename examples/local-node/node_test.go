//go:build node

// Package localnode proves the example on real nodes: the real Packer runs the templates, and what the
// report claims is tried out from outside.
package localnode

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nodeimage/packer-plugin-harden/examples/behaviour"
	"github.com/nodeimage/packer-plugin-harden/examples/lab"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// packer is the real Packer with the plugin of this tree, in a folder of its own.
type packer struct {
	program string
	plugins string
}

func newPacker(t *testing.T, program string) packer {
	t.Helper()
	if program == "" {
		t.Fatal("PACKER does not name a Packer: run make test-node")
	}
	p := packer{program: program, plugins: t.TempDir()}
	plugin, err := filepath.Abs("../../build/packer-plugin-harden")
	if err != nil {
		t.Fatal(err)
	}
	if out, status := p.run(t, nil, "plugins", "install", "--path", plugin, "github.com/nodeimage/harden"); status != 0 {
		t.Fatalf("cannot install the plugin: %s", out)
	}
	return p
}

func (p packer) command(ctx context.Context, env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, p.program, args...)
	cmd.Env = append(os.Environ(), "PACKER_PLUGIN_PATH="+p.plugins, "PACKER_CONFIG_DIR="+p.plugins,
		"PACKER_NO_COLOR=1", "CHECKPOINT_DISABLE=1")
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

func (p packer) run(t *testing.T, env []string, args ...string) (string, int) {
	t.Helper()
	out, err := p.command(t.Context(), env, args...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit != nil {
		return string(out), exit.ExitCode()
	}
	return string(out), 0
}

// build runs a template against the node and gives its reports by name.
func (p packer) build(t *testing.T, n *lab.Node, template string, vars ...string) (string, map[string]*report.Report) {
	t.Helper()
	out, status, reports := p.tryBuild(t, n, template, vars...)
	if status != 0 {
		t.Fatalf("packer build ends with %d:\n%s", status, out)
	}
	return out, reports
}

func (p packer) tryBuild(t *testing.T, n *lab.Node, template string, vars ...string) (string, int, map[string]*report.Report) {
	t.Helper()
	dir := t.TempDir()
	args := []string{"build", "-var", "report_dir=" + dir}
	if strings.HasSuffix(template, ".json") { // which takes no variables from the environment
		vars = append(vars, "host="+n.Addr, "port="+strconv.Itoa(n.Port), "user="+n.User, "private_key_file="+n.KeyFile)
	}
	for _, v := range vars {
		args = append(args, "-var", v)
	}
	out, status := p.run(t, n.Environ(), append(args, template)...)
	reports := map[string]*report.Report{}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r, err := report.Parse(data)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		reports[strings.TrimSuffix(filepath.Base(file), ".json")] = r
	}
	return out, status, reports
}

func startNode(t *testing.T, shape string) *lab.Node {
	t.Helper()
	n, err := lab.Start(t.Context(), lab.Options{Shape: shape, Log: testWriter{t}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Log(strings.TrimRight(string(p), "\n"))
	return len(p), nil
}

func TestHardenedNode(t *testing.T) {
	p := newPacker(t, os.Getenv("PACKER"))
	for _, shape := range []string{"ubuntu-24.04", "azurelinux-3.0"} { // examples/verdicts has the older ones
		t.Run(shape, func(t *testing.T) {
			n := startNode(t, shape)
			out, reports := p.build(t, n, "local-node.pkr.hcl")
			applied, attested := reports["apply"], reports["attest"]
			if applied == nil || attested == nil {
				t.Fatalf("reports are missing:\n%s", out)
			}
			t.Run("the report attests a compliant image", func(t *testing.T) { compliant(t, applied, attested) })
			t.Run("a second build, from the JSON template, changes nothing", func(t *testing.T) {
				_, again := p.build(t, n, "local-node.json")
				if c := again["apply"].Changes; len(c) > 0 {
					t.Errorf("it made %d changes, the first to %s", len(c), c[0].Target)
				}
				sameOutcomes(t, attested, again["attest"])
			})
			t.Run("nothing of the build is left on the node", func(t *testing.T) {
				mustExec(t, n, `find / -xdev \( -name 'harden*' -o -name '.harden*' \) -not -path '/proc/*' -not -name 'harden.conf' -not -name '*-harden.conf' -not -name '*-harden.sh' -not -path '/usr/share/pam-configs/*' | grep . && exit 1; exit 0`)
			})

			for _, tc := range []struct {
				name string
				test func(*testing.T, *lab.Node)
			}{
				{"harden check in the node repeats the outcomes", func(t *testing.T, n *lab.Node) { sameOutcomes(t, attested, check(t, n)) }},
				{"tampering makes exactly the rule at hand fail", func(t *testing.T, n *lab.Node) { tamper(t, n, attested) }},
			} {
				t.Run(tc.name, func(t *testing.T) { tc.test(t, n) })
			}
			t.Run("sshd -T agrees with the report", func(t *testing.T) { agreesWithSSHD(t, n, attested) })
		})
	}
}

// What the report promises is tried out after a reboot. Waiting is kept short by parameters.
func TestHardenedNodeBehaves(t *testing.T) {
	p := newPacker(t, os.Getenv("PACKER"))
	for shape, tc := range map[string]struct {
		prepare     string // what shortens the waiting, where a parameter can't: a longer lock is left as it is
		vars        []string
		notPromised []string
	}{
		"ubuntu-24.04": {"true", []string{"lockout_seconds=20", "shell_timeout=10"}, nil},
		"azurelinux-3.0": {"sed -i s/unlock_time=900/unlock_time=20/ /etc/pam.d/system-auth", []string{"lockout_seconds=20"},
			[]string{"crashes leave no dump", "an idle shell ends"}},
	} {
		t.Run(shape, func(t *testing.T) {
			n := startNode(t, shape)
			mustExec(t, n, tc.prepare)
			before, err := behaviour.BootOf(t.Context(), n)
			if err != nil {
				t.Fatal(err)
			}
			variables := map[string]string{}
			for _, v := range tc.vars {
				name, value, _ := strings.Cut(v, "=")
				variables[name] = value
			}
			given, err := json.Marshal(variables)
			if err != nil {
				t.Fatal(err)
			}
			_, reports := p.build(t, n, "local-node.pkr.hcl", "variables="+string(given))
			behaviour.Run(t, &behaviour.Subject{
				Machine:     n,
				Attested:    reports["attest"],
				Before:      before,
				Harden:      "../../build/harden",
				Vars:        tc.vars,
				NotPromised: tc.notPromised,
			})
		})
	}
}

func compliant(t *testing.T, applied, attested *report.Report) {
	if !attested.Compliant || attested.Action != report.Attest || applied.Action != report.Apply {
		t.Errorf("%s: compliant %v", attested.Action, attested.Compliant)
	}
	if len(applied.Changes) == 0 {
		t.Error("apply changed nothing on a fresh node")
	}
	for _, r := range attested.Results {
		if !slices.Contains([]rule.Outcome{rule.Pass, rule.Waived, rule.NotApplicable, rule.Manual}, r.Outcome) {
			t.Errorf("%s is %s: %s", r.Rule, r.Outcome, r.Message)
		}
		if r.Message == "" {
			t.Errorf("%s says nothing of its evidence", r.Rule)
		}
	}
	if attested.Nonce == "" || attested.RunID == "" || attested.Tool.Digest == "" || attested.Nonce == applied.Nonce {
		t.Errorf("nonce %q, run %q, tool %q", attested.Nonce, attested.RunID, attested.Tool.Digest)
	}
}

func outcomes(r *report.Report) map[string]rule.Outcome {
	m := map[string]rule.Outcome{}
	for _, res := range r.Results {
		m[res.Rule] = res.Outcome
	}
	return m
}

func sameOutcomes(t *testing.T, want, got *report.Report) {
	t.Helper()
	if len(want.Results) != len(got.Results) {
		t.Errorf("%d results against %d", len(want.Results), len(got.Results))
	}
	have := outcomes(got)
	for _, r := range want.Results {
		if have[r.Rule] != r.Outcome {
			t.Errorf("%s is %s, and was attested as %s", r.Rule, have[r.Rule], r.Outcome)
		}
	}
}

// mustExec runs a script as root in the node.
func mustExec(t *testing.T, n *lab.Node, script string) string {
	t.Helper()
	res, err := n.Exec(t.Context(), "/bin/bash", "-c", script)
	if err != nil || res.Code != 0 {
		t.Fatalf("%s: %v, status %d: %s%s", script, err, res.Code, res.Stdout, res.Stderr)
	}
	return res.Stdout
}

// check puts the on-host binary into the node for the time of one check.
func check(t *testing.T, n *lab.Node) *report.Report {
	t.Helper()
	src, err := os.Open("../../build/harden")
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	dst, err := os.OpenFile(filepath.Join(n.Root, "root", "check"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o700)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(dst, src); err != nil {
		t.Fatal(err)
	}
	if err := dst.Close(); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(dst.Name())
	res, err := n.Exec(t.Context(), "/root/check", "check", "--require", "persisted", "--format", "json")
	if err != nil || res.Code > 1 {
		t.Fatalf("%v, status %d: %s", err, res.Code, res.Stderr)
	}
	r, err := report.Parse([]byte(res.Stdout))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func agreesWithSSHD(t *testing.T, n *lab.Node, attested *report.Report) {
	effective := map[string]string{}
	for line := range strings.Lines(mustExec(t, n, "sshd -T")) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		effective[key] = value
	}
	compared := 0
	for _, res := range attested.Results {
		for _, part := range res.Resources {
			if part.Kind != "sshd" {
				continue
			}
			compared++
			value, ok := effective[strings.ToLower(part.Name)]
			if !ok || !strings.Contains(part.Observed.Persisted, value) {
				t.Errorf("%s: the report has %q, sshd -T has %q", part.Name, part.Observed.Persisted, value)
			}
		}
	}
	if compared < 9 {
		t.Errorf("only %d settings of sshd are in the report", compared)
	}
}

func tamper(t *testing.T, n *lab.Node, attested *report.Report) {
	cases := []struct{ what, script, undo, rule string }{
		{"sysctl", "echo net.ipv4.conf.all.log_martians = 0 > /etc/sysctl.d/zz.conf", "rm /etc/sysctl.d/zz.conf", "martians-logged"},
		{"sshd", "sed -i.bak '1i X11Forwarding yes' /etc/ssh/sshd_config", "mv /etc/ssh/sshd_config.bak /etc/ssh/sshd_config", "ssh-x11-forwarding-off"},
		{"banner", "cp -p /etc/issue /etc/issue.bak; echo '\\m' >> /etc/issue", "mv /etc/issue.bak /etc/issue", "issue-banner"},
	}
	if n.Shape == "azurelinux-3.0" { // the other shape's kernel has no cramfs to load
		cases = append(cases, struct{ what, script, undo, rule string }{
			"modprobe", "echo install cramfs /sbin/modprobe --ignore-install cramfs > /etc/modprobe.d/0.conf", "rm /etc/modprobe.d/0.conf", "kmod-cramfs-disabled",
		})
	}
	want := outcomes(attested)
	for _, tc := range cases {
		mustExec(t, n, tc.script)
		got := check(t, n)
		mustExec(t, n, tc.undo)
		var differ []string
		for _, r := range got.Results {
			if r.Outcome != want[r.Rule] {
				differ = append(differ, r.Rule+" is "+string(r.Outcome))
			}
		}
		if !slices.Equal(differ, []string{tc.rule + " is fail"}) {
			t.Errorf("tampering with %s makes %v", tc.what, differ)
		}
	}
	sameOutcomes(t, attested, check(t, n))
}

func TestDeprovisionedImageIsAttested(t *testing.T) {
	p := newPacker(t, os.Getenv("PACKER"))
	n := startNode(t, "ubuntu-24.04")
	out, reports := p.build(t, n, "local-node.pkr.hcl",
		"deprovision_command=userdel -f -r "+n.User+" 2>/dev/null; ! id "+n.User)
	if reports["attest"] == nil || !reports["attest"].Compliant {
		t.Errorf("no attestation after the login user is gone:\n%s", out)
	}
	if res, err := n.Exec(t.Context(), "id", n.User); err != nil || res.Code == 0 {
		t.Errorf("the login user is still there: %v, %+v", err, res)
	}
}

func TestReadOnlyProvisionerFailsAnUnhardenedNode(t *testing.T) {
	p := newPacker(t, os.Getenv("PACKER"))
	n := startNode(t, "azurelinux-3.0")
	before := mustExec(t, n, "find /etc /usr/lib -xdev -type f -printf '%p %T@ %m %U %G %s\n' | sort | sha256sum")
	out, status, reports := p.tryBuild(t, n, "attest-only.pkr.hcl")
	if status == 0 || reports["attest"] == nil || reports["attest"].Compliant {
		t.Errorf("status %d: %s", status, out)
	}
	if !strings.Contains(out, "account-lockout") || !strings.Contains(out, "/etc/pam.d/system-auth:") {
		t.Errorf("the output does not name what failed and where:\n%s", out)
	}
	if after := mustExec(t, n, "find /etc /usr/lib -xdev -type f -printf '%p %T@ %m %U %G %s\n' | sort | sha256sum"); after != before {
		t.Error("attesting changed the node")
	}
}

// cut starts a build, waits for a word of it, holds the run on the node still where it says so, and sends
// a signal to Packer's whole group, as a terminal does with Ctrl-C. It gives the output and the time at
// which the signal was sent.
func (p packer) cut(t *testing.T, n *lab.Node, word string, hold bool, signal syscall.Signal, vars ...string) (string, time.Time) {
	t.Helper()
	args := []string{"build", "-var", "report_dir=" + t.TempDir()}
	for _, v := range vars {
		args = append(args, "-var", v)
	}
	cmd := p.command(t.Context(), n.Environ(), append(args, "local-node.pkr.hcl")...)
	var out bytes.Buffer
	started := make(chan struct{})
	cmd.Stdout = &notify{w: &out, word: []byte(word), seen: started}
	cmd.Stderr = cmd.Stdout
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-started:
	case <-time.After(2 * time.Minute):
		t.Error("packer never came to " + word)
	}
	if hold {
		mustExec(t, n, "pkill -STOP -x harden")
	}
	sent := time.Now()
	if err := syscall.Kill(-cmd.Process.Pid, signal); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("an interrupted build succeeds")
	}
	return out.String(), sent
}

// loginWorks is the account's key login, and sudo without a password.
func loginWorks(t *testing.T, n *lab.Node) {
	t.Helper()
	res, err := n.SSH(t.Context(), "sudo -n id -u")
	if err != nil || strings.TrimSpace(res.Stdout) != "0" {
		t.Errorf("%v, %+v", err, res)
	}
}

// quiet waits until nothing of a build runs or lies on the node, and gives what is left after so long.
func quiet(t *testing.T, n *lab.Node, seconds int) string {
	t.Helper()
	return mustExec(t, n, `for i in $(seq `+strconv.Itoa(5*seconds)+`); do pgrep -x harden >/dev/null || find /tmp /var/tmp -maxdepth 1 -name '*harden*' | grep -q . || exit 0; sleep 0.2; done
		pgrep -ax harden; find /tmp /var/tmp -maxdepth 1 -name '*harden*'; true`)
}

func TestCtrlCLeavesNothingBehind(t *testing.T) {
	p := newPacker(t, os.Getenv("PACKER"))
	n := startNode(t, "ubuntu-24.04")
	// Packer does not wait for provisioners and ends their plugin, so the node itself tidies up: it gives
	// a lost session reconnect_timeout and half a minute to come back.
	out, _ := p.cut(t, n, "Uploading", false, syscall.SIGINT, "reconnect_timeout=1s")
	if left := quiet(t, n, 60); left != "" {
		t.Errorf("this is left on the node:\n%s\n%s", left, out)
	}
}

// TestCtrlCStopsAnApply cuts builds in the middle of their changes: once as a person does, and once with
// the whole of Packer killed, which can tell nobody.
func TestCtrlCStopsAnApply(t *testing.T) {
	p := newPacker(t, os.Getenv("PACKER"))
	for _, tc := range []struct {
		name    string
		signal  syscall.Signal
		seconds int
	}{
		{"interrupted", syscall.SIGINT, 20},
		{"killed", syscall.SIGKILL, 40},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := startNode(t, "ubuntu-24.04")
			// On a fast node all is done before the signal comes, so the run is held still until it is told. Sudo
			// holds still with it.
			out, sent := p.cut(t, n, "apply: change 3 of", true, tc.signal)
			mustExec(t, n, `for i in $(seq 200); do ls /tmp/harden-*/*.stopped 2>/dev/null && break; sleep 0.1; done; pkill -CONT -x 'harden|sudo'`)
			t.Logf("the run was told to stop %s after the signal", time.Since(sent).Round(100*time.Millisecond))
			left := quiet(t, n, tc.seconds)
			took := time.Since(sent)
			if left != "" {
				t.Fatalf("this is left on the node after %s:\n%s\n%s", took, left, out)
			}
			t.Logf("the node was quiet %s after the signal", took.Round(100*time.Millisecond))
			if temporary := mustExec(t, n, `find /etc /usr/share /boot -xdev -name '.harden*' | head`); temporary != "" {
				t.Errorf("half a change is left: %s", temporary)
			}
			if changed := mustExec(t, n, "find /etc -name '*harden*' -newer /etc/machine-id"); changed == "" {
				t.Errorf("it was stopped before it changed anything:\n%s", out)
			}
			loginWorks(t, n)
			_, reports := p.build(t, n, "local-node.pkr.hcl")
			if len(reports["apply"].Changes) == 0 {
				t.Error("the cut run had already done everything")
			}
			if len(reports["apply"].Undone) == 0 {
				t.Error("the next build did not take the cut run back first")
			}
			if !reports["attest"].Compliant {
				t.Error("the next build does not finish what the cut one began")
			}
		})
	}
}

// notify closes seen when the word has been written. Packer's output comes from one goroutine.
type notify struct {
	w    *bytes.Buffer
	word []byte
	seen chan struct{}
}

func (n *notify) Write(p []byte) (int, error) {
	had := bytes.Contains(n.w.Bytes(), n.word)
	n.w.Write(p)
	if !had && bytes.Contains(n.w.Bytes(), n.word) {
		close(n.seen)
	}
	return len(p), nil
}

func TestTemplateMistakesFailValidate(t *testing.T) {
	p := newPacker(t, os.Getenv("PACKER"))
	key := filepath.Join(t.TempDir(), "key")
	if out, err := exec.CommandContext(t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	env := []string{"PKR_VAR_host=127.0.0.1", "PKR_VAR_port=1", "PKR_VAR_user=u", "PKR_VAR_private_key_file=" + key}
	for name, tc := range map[string]struct{ variable, want string }{
		"an unknown profile": {`profile=["aks-ubuntu-24.4"]`, `did you mean "aks-ubuntu-24.04"`},
		"an unknown format":  {`formats=["yaml"]`, "formats"},
	} {
		t.Run(name, func(t *testing.T) {
			out, status := p.run(t, env, "validate", "-var", tc.variable, "local-node.pkr.hcl")
			if status == 0 || !strings.Contains(out, tc.want) {
				t.Errorf("status %d: %s", status, out)
			}
		})
	}
}

func TestOldestSupportedPacker(t *testing.T) {
	p := newPacker(t, os.Getenv("PACKER_OLDEST"))
	n := startNode(t, "ubuntu-24.04")
	_, reports := p.build(t, n, "local-node.pkr.hcl")
	if r := reports["attest"]; r == nil || !r.Compliant {
		t.Errorf("report is %+v", r)
	}
}
