package harden

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/nodeimage/packer-plugin-harden/provisioner/embedded"
	"github.com/nodeimage/packer-plugin-harden/provisioner/internal/receipt"
	"github.com/nodeimage/packer-plugin-harden/provisioner/internal/remote"
	"github.com/nodeimage/packer-plugin-harden/remediate/attest"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/version"
)

// job is one run of a provisioner. It starts afresh each time: Packer's max_retries runs the
// provisioner again, with another nonce and another directory.
type job struct {
	Options
	ui    packersdk.Ui
	comm  packersdk.Communicator
	build build

	apply       bool
	deprovision string
	kept        []string // accounts that must still be let in
	onLockout   string
	second      secondLogin // not nil when sshd is to be reloaded

	pause time.Duration // between two attempts to reconnect; a second if zero

	stage   *remote.Stage
	want    *profile.Profile
	policy  *attest.Judge
	binary  string   // on the target
	digest  string   // of the binary
	shared  []string // arguments of every run
	account []string // arguments that say who must still be let in
	journal string   // argument that says what becomes of the journal
	last    []string // last lines that the program said
	gone    bool     // the login is gone, or may be
	dropped bool     // and the directory is, too

	receipt  *receipt.Receipt
	attested *report.Report // accepted
}

const (
	// cleanUp is how long tidying the target may take, also after the build was cancelled.
	cleanUp = 2 * time.Minute
	// cleanUpAfterFinal is the same where the login is probably gone.
	cleanUpAfterFinal = 15 * time.Second
)

func (j *job) run(ctx context.Context) (err error) {
	if j.build.conn == "none" || j.build.conn == "winrm" {
		return fmt.Errorf("the communicator is %q: harden needs one that runs commands on Linux", j.build.conn)
	}
	if j.policy, err = attest.LoadJudge(j.Policy, ""); err != nil {
		return fmt.Errorf("policy: %w", err)
	}
	// Before the machine is touched: what an earlier run accepted says nothing about this one.
	if j.receipt, err = receipt.Start(j.dir(), j.build.folder, j.build.runID); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.vouch(err)) }()

	whole := ctx
	ctx, cancel := context.WithTimeoutCause(ctx, j.RemoteTimeout, fmt.Errorf("the target was not done within %s (remote_timeout)", j.RemoteTimeout))
	defer cancel()

	m := &remote.Machine{Comm: j.comm, Become: j.become, Patience: j.ReconnectTimeout, Pause: j.pause, Keep: j.KeepRemote, Listens: j.build.conn == "ssh", Say: j.ui.Say}
	if m.Pause == 0 {
		m.Pause = time.Second
	}
	j.stage, err = m.Prepare(ctx, j.RemoteFolder)
	defer func() { err = errors.Join(err, j.tidy(whole)) }()
	if err != nil {
		return j.cut(ctx, err)
	}
	return j.cut(ctx, j.work(ctx))
}

// vouch tells the post-processor of this build which report was accepted, unless something else than
// the report's verdict ended the run.
func (j *job) vouch(err error) error {
	accepted := j.attested
	var verdict notCompliant
	if err != nil && !errors.As(err, &verdict) {
		accepted = nil
	}
	return j.receipt.Finish(j.dir(), accepted, filepath.Join(j.dir(), string(report.Attest)+".json"))
}

// dir is the folder of this build's reports.
func (j *job) dir() string { return filepath.Join(j.ReportDir, j.build.folder) }

// cut names why a run was cut short, where an error is only the consequence.
func (j *job) cut(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(err, cause) {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return err
}

// tidy removes what was put on the target. The build's context may have ended: it has its own.
func (j *job) tidy(ctx context.Context) error {
	switch {
	case j.dropped:
		return nil
	case j.KeepRemote && j.stage.Dir != "":
		j.ui.Error(fmt.Sprintf("keep_remote: %s is left on the target, and so in the image", j.stage.Dir))
		return nil
	}
	within := cleanUp
	if j.gone {
		within = cleanUpAfterFinal
	}
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), within, fmt.Errorf("no answer within %s", within))
	defer cancel()
	return j.stage.Remove(ctx)
}

// become makes a command one that root runs.
func (j *job) become(uid, command string) (string, error) {
	switch {
	case j.ExecuteCommand != "":
		return renderExecuteCommand(j.ExecuteCommand, command)
	case uid == "0":
		return command, nil
	}
	return "sudo -n -- " + command, nil
}

func (j *job) work(ctx context.Context) error {
	if err := j.plan(); err != nil {
		return err
	}
	if err := j.upload(ctx); err != nil {
		return err
	}
	what := "Attesting"
	if j.apply {
		what = "Hardening"
	}
	t := j.stage.Target
	j.ui.Say(fmt.Sprintf("%s %s %s (%s) with profile %s: %d rules of %d controls",
		what, t.OS, t.Version, t.Arch(), j.want.Name, len(j.want.Rules), len(j.want.Controls)))

	if j.deprovision != "" {
		return j.final(ctx)
	}
	var applied *report.Report
	if j.apply {
		var err error
		if applied, err = j.once(ctx, report.Apply); err != nil {
			return err
		}
		// A second process, that has nothing of the first and can't write.
		j.ui.Say("Attesting: the same checks again, read-only")
	}
	attested, err := j.once(ctx, report.Attest)
	if err != nil {
		return err
	}
	return j.judge(applied, attested)
}

// plan loads the profile that the target will be asked for, to know what a report must hold.
func (j *job) plan() (err error) {
	on := profile.Platform{OS: j.stage.Target.OS, Version: j.stage.Target.Version}
	if j.want, err = profile.Load(j.selection(on)); err != nil {
		return err
	}
	return j.want.CheckPlatform(on.OS, on.Version)
}

// upload puts the binary and the files that it reads on the target.
func (j *job) upload(ctx context.Context) error {
	data, err := j.harden()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	j.digest = hex.EncodeToString(sum[:])
	j.ui.Say(fmt.Sprintf("Uploading harden %s (%.1f MB) to %s", version.Version(), float64(len(data))/1e6, j.stage.Dir))
	if j.binary, err = j.stage.Put(ctx, "harden", data, 0o700); err != nil {
		return err
	}

	args := []string{"--format=json", "--require=" + j.Require}
	for _, name := range j.Profile {
		if profileFile(name) {
			if name, err = j.put(ctx, "profile", name); err != nil {
				return err
			}
		}
		args = append(args, "--profile="+name)
	}
	for _, name := range sortedKeys(j.Variables) {
		args = append(args, "--var="+name+"="+j.Variables[name])
	}
	for _, file := range j.Waivers {
		if file, err = j.put(ctx, "waivers", file); err != nil {
			return err
		}
		args = append(args, "--waivers="+file)
	}
	if j.Level != 0 {
		args = append(args, "--level="+strconv.Itoa(j.Level))
	}
	for _, id := range j.Only {
		args = append(args, "--rule="+id)
	}
	for _, id := range j.Skip {
		args = append(args, "--skip="+id)
	}
	if j.build.runID != "" {
		args = append(args, "--run-id="+j.build.runID)
	}
	// Whoever is logged in must still be let in by the sshd that is left behind.
	user := j.build.user
	if user == "" {
		user = j.stage.Target.User
	}
	j.account = []string{"--account=" + user}
	if peer := j.stage.Target.Peer; peer != "" {
		j.account = append(j.account, "--account-addr="+peer)
	}
	for _, name := range j.kept {
		j.account = append(j.account, "--keep-account="+name)
	}
	if j.onLockout != "" {
		j.account = append(j.account, "--on-lockout="+j.onLockout)
	}
	j.shared = args
	j.journal = "--keep-journal=" + strconv.FormatBool(j.KeepJournal)
	return nil
}

// put uploads a file of the operator's, and notes it as one that shapes the run.
func (j *job) put(ctx context.Context, kind, file string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("%s: %w", kind, err)
	}
	sum := sha256.Sum256(data)
	j.receipt.Inputs = append(j.receipt.Inputs, receipt.Input{Name: kind + "/" + baseName(file), SHA256: hex.EncodeToString(sum[:])})
	target, err := j.stage.Put(ctx, fmt.Sprintf("%d-%s", len(j.receipt.Inputs), baseName(file)), data, 0o600)
	if err != nil {
		return "", fmt.Errorf("%s: %w", kind, err)
	}
	return target, nil
}

// harden is the binary for the target.
func (j *job) harden() ([]byte, error) {
	if j.RemoteBinary != "" {
		data, err := readBinary(j.RemoteBinary, j.RemoteBinaryChecksum)
		if err != nil {
			return nil, fmt.Errorf("remote_binary: %w", err)
		}
		return data, nil
	}
	return embedded.Harden(j.stage.Target.Arch())
}

// once runs the binary for one action and returns its report.
func (j *job) once(ctx context.Context, action report.Action) (*report.Report, error) {
	nonce := remote.Token()
	file := j.stage.Path(fmt.Sprintf("%s-%s.json", action, nonce))
	args := slices.Concat([]string{j.binary, "apply", j.journal}, j.account)
	if action == report.Attest {
		args = []string{j.binary, "check", "--attest"}
	}
	args = slices.Concat(args, j.shared, []string{"--nonce=" + nonce, "--output=" + file})

	lines := j.line
	if action == report.Apply && j.second != nil {
		confirm := j.stage.Path("second-" + nonce)
		args = append(args, "--reload-sshd", "--confirm="+confirm)
		lines = func(text string) {
			j.line(text)
			if strings.HasPrefix(text, "waiting") && strings.HasSuffix(text, confirm) {
				go j.confirm(ctx, confirm)
			}
		}
	}
	status, _, err := j.stage.Run(ctx, remote.Run{Args: args, Lines: lines, Limit: 64 << 10})
	if err != nil {
		if ctx.Err() != nil && action == report.Apply {
			j.halfway(ctx, file, nonce)
		}
		return nil, err
	}
	data, err := j.stage.Fetch(ctx, file, report.MaxSize)
	if err != nil {
		return nil, j.noReport(action, status, err)
	}
	r, err := j.accept(data, action, nonce, status)
	if err != nil {
		return nil, j.noReport(action, status, err)
	}
	return r, errors.Join(j.take(r), interrupted(r))
}

// interrupted is the error when a run did not come to its end. Its report says what was done, and says
// nothing about a machine that could be used.
func interrupted(r *report.Report) error {
	if r.Interrupted == "" {
		return nil
	}
	return fmt.Errorf("hardening was interrupted: %s", remote.Clean(r.Interrupted))
}

// halfway keeps the report of a run that was stopped, which says what it had done. It is nobody's
// evidence: the post-processor never sees it.
func (j *job) halfway(ctx context.Context, file, nonce string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpAfterFinal)
	defer cancel()
	data, err := j.stage.Fetch(ctx, file, report.MaxSize)
	if err != nil {
		j.ui.Error("What the stopped run had done is not known: " + remote.Clean(err.Error()))
		return
	}
	r, err := report.Parse(data)
	if err != nil || r.Nonce != nonce || r.Interrupted == "" {
		j.ui.Error("What the stopped run had done is not known: it left no report of its own")
		return
	}
	j.ui.Error(fmt.Sprintf("The run was stopped after %d changes", len(r.Changes)))
	if err := j.keep("interrupted", r); err != nil {
		j.ui.Error(err.Error())
	}
}

// final hardens, deprovisions and attests in one process, whose reports come on its output.
func (j *job) final(ctx context.Context) error {
	nonce := remote.Token()
	args := slices.Concat([]string{j.binary, "apply", j.journal}, j.account, j.shared, []string{
		"--nonce=" + nonce, "--cleanup=" + j.stage.Dir, "--deprovision-command=" + j.deprovision,
	})
	if j.policy.HasPolicy() {
		data, err := os.ReadFile(j.Policy)
		if err != nil {
			return fmt.Errorf("policy: %w", err)
		}
		file, err := j.stage.Put(ctx, "policy-"+baseName(j.Policy), data, 0o600)
		if err != nil {
			return fmt.Errorf("policy: %w", err)
		}
		args = append(args, "--policy="+file)
	}
	j.ui.Say("The same process will deprovision the machine and attest it; nothing can log in afterwards")
	status, out, err := j.stage.Run(ctx, remote.Run{Args: args, Lines: j.line, Limit: 3 * report.MaxSize, Final: true})
	if err != nil {
		return err
	}
	frames, err := report.ReadFrames(bytes.NewReader(out), nonce, 2*report.MaxSize)
	if err != nil {
		return j.noReport(report.Attest, status, err)
	}

	// The exit status is about the end of it all, and so about the other report.
	applied, err := j.framed(frames, report.Apply, nonce, remote.Status{})
	if err != nil {
		return j.noReport(report.Apply, status, err)
	}
	if _, went := frames[string(report.Attest)]; !went && len(j.refusals(applied)) > 0 {
		// The process stops there, so that somebody can log in and look. Going on with a warning would
		// make an image with the build's login in it.
		return errors.Join(j.judge(nil, applied), errors.New("deprovision_command was not run, because the machine is not good enough"))
	}
	j.gone = true
	if j.policy.HasPolicy() {
		status = remote.Status{} // it is the policy's answer, by the target's clock; the policy is asked again here
	}
	attested, err := j.framed(frames, report.Attest, nonce, status)
	if err != nil {
		return j.noReport(report.Attest, status, err)
	}
	j.dropped = true
	return j.judge(applied, attested)
}

// framed is the report of one action out of several.
func (j *job) framed(frames map[string][]byte, action report.Action, nonce string, status remote.Status) (*report.Report, error) {
	data, ok := frames[string(action)]
	if !ok {
		return nil, errors.New("the program sent none")
	}
	r, err := j.accept(data, action, nonce, status)
	if err != nil {
		return nil, err
	}
	return r, errors.Join(j.take(r), interrupted(r))
}

// line shows one line of the program's progress.
func (j *job) line(text string) {
	j.last = append(j.last, text)
	if len(j.last) > 3 {
		j.last = j.last[1:]
	}
	j.ui.Say("  " + text)
}

// noReport is the error when there is no report that can be trusted, which says nothing about the
// machine.
func (j *job) noReport(action report.Action, status remote.Status, err error) error {
	said := ""
	if len(j.last) > 0 {
		said = "; it said last: " + strings.Join(j.last, " / ")
	}
	return fmt.Errorf("cannot tell what state the machine is in: no usable %s report (exit status %s): %w%s", action, status, err, said)
}

// profileFile tells a file from the name of a shipped profile, as remediate/profile does.
func profileFile(name string) bool {
	return strings.ContainsAny(name, `/\`) || strings.HasSuffix(name, ".hcl")
}

// baseName is the file's own name as the target can bear it; the target's messages mention it.
func baseName(file string) string {
	name := notIn.ReplaceAllString(filepath.Base(file), "_")
	if !strings.HasSuffix(name, ".hcl") {
		name += ".hcl"
	}
	return name
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
