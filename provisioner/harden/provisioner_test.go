package harden

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/nodeimage/packer-plugin-harden/provisioner/internal/commtest"
	"github.com/nodeimage/packer-plugin-harden/provisioner/internal/receipt"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
)

// scene is a provisioner with a fake target.
type scene struct {
	comm   *commtest.Comm
	ui     *packersdk.BasicUi
	out    *bytes.Buffer
	folder string // on the target
	dir    string // of reports
	config map[string]any
	data   map[string]any
}

// The tests run as anybody, and on any distribution.
const notRoot = `#!/bin/sh
echo 0
`

func newScene(t *testing.T, behave string) *scene {
	t.Helper()
	shims := t.TempDir()
	for name, script := range map[string]string{
		"id": notRoot,
		// prepare.sh reads os-release with sed: the target says that it is Ubuntu 24.04.
		"sed": "#!/bin/sh\ncase \"$*\" in *^ID=*) echo ubuntu ;; *VERSION_ID*) echo 24.04 ;; *) exec /bin/sed \"$@\" ;; esac\n",
	} {
		if err := os.WriteFile(filepath.Join(shims, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(binary)

	s := &scene{out: &bytes.Buffer{}, folder: t.TempDir(), dir: t.TempDir()}
	s.comm = &commtest.Comm{Env: []string{"PATH=" + shims + ":" + os.Getenv("PATH"), "FAKE=" + behave, "HOME=" + t.TempDir()}}
	s.ui = &packersdk.BasicUi{Reader: strings.NewReader(""), Writer: s.out, ErrorWriter: s.out}
	s.config = map[string]any{
		"packer_build_name": "node", "packer_builder_type": "null",
		"profile": "aks-ubuntu-24.04", "report_dir": s.dir, "remote_folder": s.folder,
		"remote_binary": self, "remote_binary_checksum": "sha256:" + hex.EncodeToString(sum[:]),
		"reconnect_timeout": "3s",
	}
	s.data = map[string]any{"User": "builder", "PackerRunUUID": "run-1", "ConnType": "ssh", "Password": "secret", "SSHPrivateKey": "key"}
	t.Cleanup(s.comm.Wait)
	return s
}

type preparer interface {
	packersdk.Provisioner
}

func (s *scene) provision(ctx context.Context, t *testing.T, p preparer) error {
	t.Helper()
	if err := p.Prepare(s.config); err != nil {
		t.Fatal(err)
	}
	return p.Provision(ctx, s.ui, s.comm, s.data)
}

func (s *scene) empty(t *testing.T) {
	t.Helper()
	left, err := os.ReadDir(s.folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		t.Errorf("%s is left on the target", e.Name())
	}
}

func (s *scene) reports(t *testing.T) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(s.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != receipt.FileName {
			rel, _ := filepath.Rel(s.dir, path)
			names = append(names, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

func TestHardenAppliesAndAttests(t *testing.T) {
	s := newScene(t, "running")
	p := new(Provisioner)
	if err := s.provision(t.Context(), t, p); err != nil {
		t.Fatal(err)
	}
	s.empty(t)
	want := []string{"null.node/apply.html", "null.node/apply.json", "null.node/apply.md", "null.node/apply.txt", "null.node/attest.html", "null.node/attest.json", "null.node/attest.md", "null.node/attest.txt"}
	if got := s.reports(t); !slices.Equal(got, want) {
		t.Errorf("reports are %q", got)
	}
	data, err := os.ReadFile(filepath.Join(s.dir, "null.node", "attest.json"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.Parse(data)
	if err != nil || r.RunID != "run-1" || r.Action != report.Attest {
		t.Errorf("the report is %+v, %v", r, err)
	}
	for _, want := range []string{"Hardening ubuntu 24.04", "apply: 1 of", "Attesting", "differs until the next boot", "Reports are in", "is compliant"} {
		if !strings.Contains(s.out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, s.out)
		}
	}
	if strings.ContainsAny(s.out.String(), "\x1b\r") {
		t.Errorf("the output has control characters: %q", s.out)
	}
	commands := strings.Join(s.comm.Commands(), "\n")
	if strings.Contains(commands, "secret") || strings.Contains(commands, "SSHPrivateKey") {
		t.Error("a secret of the build reached the target")
	}
	if !strings.Contains(commands, "--account=builder") {
		t.Error("the account is not named")
	}

	// max_retries runs it again, with another nonce.
	if err := p.Provision(t.Context(), s.ui, s.comm, s.data); err != nil {
		t.Fatal(err)
	}
	nonces := regexp.MustCompile(`--nonce=[0-9a-f]+`).FindAllString(strings.Join(s.comm.Commands(), "\n"), -1)
	slices.Sort(nonces)
	if got := len(slices.Compact(nonces)); got != 4 {
		t.Errorf("%d nonces, want 4", got)
	}
	s.empty(t)
}

func TestAttestOnlyChecks(t *testing.T) {
	s := newScene(t, "")
	if err := s.provision(t.Context(), t, new(Attestor)); err != nil {
		t.Fatal(err)
	}
	for _, command := range s.comm.Commands() {
		if strings.Contains(command, "harden apply") {
			t.Errorf("it applies: %s", command)
		}
	}
	if got := s.reports(t); len(got) != 4 || got[1] != "null.node/attest.json" {
		t.Errorf("reports are %q", got)
	}
	s.empty(t)
}

func TestADeviationFailsTheBuildAndIsShown(t *testing.T) {
	s := newScene(t, "deviates")
	err := s.provision(t.Context(), t, new(Provisioner))
	if err == nil || !strings.Contains(err.Error(), "not compliant") || !strings.Contains(err.Error(), "attest.json") {
		t.Errorf("the error is %v", err)
	}
	for _, want := range []string{"OUTCOME", "/etc/winner:7", "1.1", "has hmac-md5"} {
		if !strings.Contains(s.out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, s.out)
		}
	}
	if len(s.reports(t)) != 8 {
		t.Error("the reports are not kept")
	}
	s.empty(t)
}

func TestADeviationOnlyWarnsWhenAsked(t *testing.T) {
	s := newScene(t, "deviates")
	s.config["on_failure"] = "warn"
	s.config["formats"] = []string{"json"}
	if err := s.provision(t.Context(), t, new(Provisioner)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(s.out.String(), "Warning: the machine is not compliant") {
		t.Errorf("no warning:\n%s", s.out)
	}
	if got := s.reports(t); !slices.Equal(got, []string{"null.node/apply.json", "null.node/attest.json"}) {
		t.Errorf("reports are %q", got)
	}
}

// claim is what a post-processor of the same run would go by.
func (s *scene) claim() (*receipt.Receipt, *report.Report, error) {
	return receipt.Claim(filepath.Join(s.dir, "null.node"), "null.node", "run-1")
}

func TestThePolicyDecides(t *testing.T) {
	tests := []struct{ name, behave, policy, onFailure, err, say string }{
		{name: "it lets a failure pass", behave: "deviates", policy: `level "1" { fail = 1 }`, say: "not compliant with aks-ubuntu-24.04, and the policy policy.hcl accepts it"},
		{name: "it refuses a failure", behave: "deviates", policy: ``, err: "the policy policy.hcl refuses the machine", say: "(1.1): level 1: fail"},
		{name: "it refuses what is compliant", policy: `profiles = ["cis-*"]`, err: "which the policy does not accept", say: "Refused: the profile is"},
		{name: "it only warns", behave: "deviates", policy: ``, onFailure: "warn", say: "Warning: the policy policy.hcl refuses the machine"},
		{name: "it accepts what is compliant", policy: `level "1" { fail = 0 }`, say: "is compliant with"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, p := range []preparer{new(Provisioner), new(Attestor)} {
				s := newScene(t, tt.behave)
				s.config["policy"] = filepath.Join(t.TempDir(), "policy.hcl")
				if err := os.WriteFile(s.config["policy"].(string), []byte(tt.policy), 0o644); err != nil {
					t.Fatal(err)
				}
				if tt.onFailure != "" {
					s.config["on_failure"] = tt.onFailure
				}
				err := s.provision(t.Context(), t, p)
				if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
					t.Errorf("the error is %v, want %q", err, tt.err)
				}
				if !strings.Contains(s.out.String(), tt.say) {
					t.Errorf("the output lacks %q:\n%s", tt.say, s.out)
				}
				// The report can be trusted whatever it says, and the post-processor judges for itself.
				if _, r, err := s.claim(); r == nil {
					t.Errorf("no report is vouched for: %v", err)
				}
				s.empty(t)
			}
		})
	}
}

func TestTheReceiptVouchesForTheLastAttestationOnly(t *testing.T) {
	s := newScene(t, "")
	if err := s.provision(t.Context(), t, new(Provisioner)); err != nil {
		t.Fatal(err)
	}
	r, rep, err := s.claim()
	if err != nil || !rep.Compliant || r.Nonce == "" {
		t.Fatalf("receipt %+v, error %v", r, err)
	}

	// The report that the first one left would still pass.
	s.comm.Env = append(s.comm.Env, "FAKE=silent")
	if err := s.provision(t.Context(), t, new(Attestor)); err == nil {
		t.Fatal("no report, and no error")
	}
	if _, rep, err := s.claim(); rep != nil || err == nil {
		t.Errorf("an attestation that failed is vouched for by an older report")
	}

	s.comm.Env = append(s.comm.Env, "FAKE=deviates")
	if err := s.provision(t.Context(), t, new(Attestor)); err == nil {
		t.Fatal("a deviation is no error")
	}
	if _, rep, err := s.claim(); err != nil || rep.Compliant {
		t.Errorf("a report that can be trusted and says no is not vouched for: %v", err)
	}
}

// on_failure = "warn" is about machines that are not compliant: without a report nothing is known.
func TestAReportThatCannotBeTrustedFailsTheBuildAlways(t *testing.T) {
	tests := map[string]string{
		"nonce":           "nonce",
		"digest":          "binary's digest",
		"vanished":        "should have one",
		"another run":     "run id",
		"another action":  "action",
		"truncated":       "cannot read report",
		"huge":            "cannot fetch",
		"silent":          "cannot fetch",
		"deviates claims": "compliant = false and the exit status is 0",
		"complains":       "compliant = true and the exit status is 2",
	}
	for behave, want := range tests {
		t.Run(behave, func(t *testing.T) {
			s := newScene(t, behave)
			s.config["on_failure"] = "warn"
			err := s.provision(t.Context(), t, new(Provisioner))
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "cannot tell") {
				t.Errorf("the error is %v, want one with %q", err, want)
			}
			s.empty(t)
		})
	}
}

func TestDifferencesBetweenApplyAndAttestAreTold(t *testing.T) {
	s := newScene(t, "heals")
	if err := s.provision(t.Context(), t, new(Provisioner)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(s.out.String(), "was fail when it was applied and is pass now") {
		t.Errorf("nothing is told:\n%s", s.out)
	}
}

func TestALostSessionDoesNotLoseTheReport(t *testing.T) {
	s := newScene(t, "naps")
	lost := 0
	s.comm.OnStart = func(command string) commtest.Fault {
		if strings.Contains(command, "--nonce=") && lost < 2 {
			lost++
			return commtest.LostAtOnce
		}
		return commtest.None
	}
	if err := s.provision(t.Context(), t, new(Provisioner)); err != nil {
		t.Fatal(err)
	}
	if lost != 2 || !strings.Contains(s.out.String(), "reconnecting") {
		t.Errorf("%d sessions were lost:\n%s", lost, s.out)
	}
	s.empty(t)
}

func TestWithoutScp(t *testing.T) {
	s := newScene(t, "")
	s.comm.NoUpload, s.comm.NoDownload = errors.New("SCP failed to start"), errors.New("SCP failed to start")
	if err := s.provision(t.Context(), t, new(Provisioner)); err != nil {
		t.Fatal(err)
	}
	s.empty(t)
}

func TestThroughATerminal(t *testing.T) {
	s := newScene(t, "")
	s.comm.Terminal = true
	if err := s.provision(t.Context(), t, new(Provisioner)); err != nil {
		t.Fatal(err)
	}
	s.empty(t)
}

func TestFilesAreUploadedUnderPlainNames(t *testing.T) {
	s := newScene(t, "")
	dir := filepath.Join(t.TempDir(), "with 'quotes' & $(touch x)")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "my $(reboot) profile.hcl")
	if err := os.WriteFile(file, []byte("profile \"mine\" {\n  extends = [\"aks-ubuntu-24.04\"]\n}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.config["profile"] = []string{file}
	if err := s.provision(t.Context(), t, new(Provisioner)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(s.out.String(), "with profile mine") {
		t.Errorf("the output is\n%s", s.out)
	}
}

func TestAnInterruptStopsTheTargetAndTidiesUp(t *testing.T) {
	s := newScene(t, "sleeps")
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(1500*time.Millisecond, cancel)
	start := time.Now()
	err := s.provision(ctx, t, new(Provisioner))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	s.comm.Wait()
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
	s.empty(t)
}

func TestTheTimeLimitSaysItsName(t *testing.T) {
	s := newScene(t, "sleeps")
	s.config["remote_timeout"] = "1500ms"
	err := s.provision(t.Context(), t, new(Provisioner))
	if err == nil || !strings.Contains(err.Error(), "remote_timeout") {
		t.Errorf("the error is %v", err)
	}
	s.empty(t)
}

func TestKeepRemoteKeepsAndWarns(t *testing.T) {
	s := newScene(t, "")
	s.config["keep_remote"] = true
	if err := s.provision(t.Context(), t, new(Provisioner)); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(s.folder); len(left) != 1 {
		t.Error("nothing is kept")
	}
	if !strings.Contains(s.out.String(), "is left on the target") {
		t.Errorf("no warning:\n%s", s.out)
	}
}

func TestOldContentsDoNotShip(t *testing.T) {
	s := newScene(t, "journal")
	err := s.provision(t.Context(), t, new(Provisioner))
	if err == nil || !strings.Contains(err.Error(), "/var/lib/harden/journal") {
		t.Errorf("the error is %v", err)
	}
	s.config["keep_journal"] = true
	if err := s.provision(t.Context(), t, new(Provisioner)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(s.out.String(), "keep_journal: the old contents") {
		t.Errorf("no warning:\n%s", s.out)
	}
}

func TestARunThatWasInterruptedIsNoSuccess(t *testing.T) {
	s := newScene(t, "interrupted")
	s.config["on_failure"] = "warn"
	err := s.provision(t.Context(), t, new(Provisioner))
	if err == nil || !strings.Contains(err.Error(), "hardening was interrupted: no space left on device") {
		t.Errorf("the error is %v", err)
	}
}

func TestDeprovision(t *testing.T) {
	tests := []struct {
		name, behave, command, policy, err, say string
		warn, terminal                          bool
		reports                                 int
	}{
		{name: "both reports come from one process", command: "echo 'user \"removed\"'", reports: 8, say: "is compliant"},
		{name: "a terminal does not damage the reports", command: "echo done", terminal: true, reports: 8, say: "is compliant"},
		{name: "a machine that deviates keeps its login", behave: "deviates", command: "exit 9", warn: true, err: "was not run", reports: 4},
		{name: "a policy lets a machine that deviates go on", behave: "deviates", policy: `level "1" { fail = 1 }`, command: "true", reports: 8, say: "accepts it"},
		{name: "a policy keeps the login of a machine that is compliant", policy: `profiles = ["cis-*"]`, command: "exit 9", warn: true, err: "was not run", reports: 4},
		{name: "a command that fails leaves nothing attested", command: "echo no such user >&2; exit 3", err: "cannot tell", say: "no such user", reports: 4},
		{name: "another nonce is no report", behave: "nonce", command: "true", err: "nonce"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene(t, tt.behave)
			s.config["deprovision_command"] = tt.command
			s.comm.Terminal = tt.terminal
			if tt.warn {
				s.config["on_failure"] = "warn"
			}
			if tt.policy != "" {
				s.config["policy"] = filepath.Join(t.TempDir(), "policy.hcl")
				if err := os.WriteFile(s.config["policy"].(string), []byte(tt.policy), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			err := s.provision(t.Context(), t, new(Provisioner))
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("the error is %v, want %q", err, tt.err)
			}
			if !strings.Contains(s.out.String(), tt.say) {
				t.Errorf("the output lacks %q:\n%s", tt.say, s.out)
			}
			if _, r, err := s.claim(); (r != nil) != (tt.err == "") {
				t.Errorf("report %v is vouched for, error %v", r, err)
			}
			if got := s.reports(t); len(got) != tt.reports {
				t.Errorf("reports are %q", got)
			}
			s.empty(t)
		})
	}
}

func TestCommunicatorsThatRunNothingAreRefused(t *testing.T) {
	for _, conn := range []string{"none", "winrm"} {
		s := newScene(t, "")
		s.data["ConnType"] = conn
		if err := s.provision(t.Context(), t, new(Provisioner)); err == nil || !strings.Contains(err.Error(), conn) {
			t.Errorf("%s: the error is %v", conn, err)
		}
	}
}
