package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/sudoers"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// guardSudo refuses a plan after which sudo could not read its files, or would ask the account that is
// running the build for a password: a build has nobody to type one.
func guardSudo(ctx context.Context, p Proposal) error {
	after, err := sudoers.Load(p.After)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if len(after.Problems) > 0 {
		return fmt.Errorf("sudo would refuse its new configuration: %s", after.Problems[0])
	}
	if p.Account != nil {
		if err := sudoKeepsAccount(p, after); err != nil {
			return err
		}
	}
	if p.Programs == nil {
		return nil
	}
	return visudoAgrees(ctx, p, after)
}

func sudoKeepsAccount(p Proposal, after *sudoers.Config) error {
	who := sudoWho(p.After, *p.Account)
	before, err := sudoers.Load(p.Before)
	unreadable := err != nil || len(before.Problems) > 0
	if unreadable { // sudo works for nobody as it is, so there is nothing to lose
		return nil
	}
	had, has := before.AnyCommand(who), after.AnyCommand(who)
	if had.Allowed && !has.Allowed {
		return fmt.Errorf("sudo would no longer let %s, the account that is running the build, run commands: %s", who.User, sudoReason(has))
	}
	if had.Passwordless && !has.Passwordless {
		return fmt.Errorf("sudo would ask %s, the account that is running the build, for a password: %s", who.User, sudoReason(has))
	}
	return nil
}

func sudoReason(a sudoers.Access) string {
	if a.By == nil {
		return "no line is for it any more"
	}
	return fmt.Sprintf("%s (%s)", a.By.Place, strings.TrimSpace(a.By.Text))
}

func sudoWho(h host.Files, a Account) sudoers.Who {
	who := sudoers.Who{User: a.User, UID: -1, Groups: a.Groups, Host: sudoHostname(h)}
	if uid, err := lookupID(h, "/etc/passwd", "user", a.User); err == nil {
		who.UID = uid
	}
	return who
}

func sudoHostname(h host.Files) string {
	content, err := h.ReadFile("/etc/hostname")
	if err != nil {
		return ""
	}
	name, _, _ := strings.Cut(strings.TrimSpace(string(content)), "\n")
	return name
}

// visudoAgrees lets the target's own program judge a staged copy.
func visudoAgrees(ctx context.Context, p Proposal, c *sudoers.Config) error {
	program := ""
	for _, path := range []string{"/usr/sbin/visudo", "/usr/bin/visudo"} {
		if _, err := p.Before.Stat(path); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		return nil
	}
	dir, remove, err := p.Programs.Stage(c.Staged)
	if err != nil {
		return fmt.Errorf("cannot stage sudoers for visudo to judge: %w", err)
	}
	defer remove()
	output, status, err := p.Programs.Run(ctx, program, "-c", "-f", strings.TrimSuffix(dir, "/")+sudoers.Path)
	if err != nil {
		return fmt.Errorf("cannot run visudo: %w", err)
	}
	if status != 0 {
		return fmt.Errorf("visudo refuses the new configuration: %s", strings.TrimSpace(sudoers.Unstaged(dir, string(output))))
	}
	return nil
}
