package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/sudoers"
)

// guardSudo refuses a plan after which sudo could not read its files.
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
	if p.Programs == nil {
		return nil
	}
	return visudoAgrees(ctx, p, after)
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
