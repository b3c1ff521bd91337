package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// sshHostKeysKind is who may read and change the keys by which the ssh server is known.
func sshHostKeysKind() Kind { return Kind{Name: "ssh_host_keys", New: newSSHHostKeys} }

type sshHostKeys struct{ which string }

func newSSHHostKeys(name string, decode Decode) (Resource, error) {
	if err := decode(&struct{}{}); err != nil {
		return nil, err
	}
	if name != "private" && name != "public" {
		return nil, fmt.Errorf("ssh_host_keys are \"private\" or \"public\", not %q", name)
	}
	return sshHostKeys{name}, nil
}

func (k sshHostKeys) Ref() rule.Ref { return rule.Ref{Kind: "ssh_host_keys", Name: k.which} }

// sshKeysGroups may read private keys where a distribution lets ssh-keysign run with that group.
func sshKeysGroups() []string { return []string{"ssh_keys", "_ssh"} }

func (k sshHostKeys) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: "owner root, group root, mode 0644 or stricter"}
	if k.which == "private" {
		o.Expected = "owner root, group root and mode 0600, or a group for ssh keys and mode 0640, or stricter"
	}
	files, err := k.files(h)
	if err != nil {
		return o, err
	}
	if len(files) == 0 {
		o.NotApplicable = "there is no " + k.which + " host key in /etc/ssh; an image without them makes its own at the first boot"
		return o, nil
	}
	allowed, err := sshKeyGroupIDs(h)
	if err != nil {
		return o, err
	}
	var changes []rule.Change
	var wrong []string
	for _, f := range files {
		info, err := h.Stat(f)
		if errors.Is(err, fs.ErrNotExist) {
			continue // a link that leads nowhere
		}
		if err != nil {
			return o, err
		}
		if !info.Mode.IsRegular() {
			continue
		}
		o.Sources = append(o.Sources, linkSource(h, f)...)
		if c, deviates := k.change(f, info, allowed); deviates {
			wrong = append(wrong, fmt.Sprintf("%s is %s:%s %s", walkPath(f), nameOf(h, "/etc/passwd", info.UID), nameOf(h, "/etc/group", info.GID), octal(info.Mode)))
			changes = append(changes, c)
		}
	}
	o.Persisted = fmt.Sprintf("%d keys, %d too open", len(files), len(wrong))
	o.Message = fmt.Sprintf("all %d %s host keys have their owner and mode", len(files), k.which)
	if len(wrong) > 0 {
		o.Message = strings.Join(wrong, "; ")
	}
	o.State = changes
	return o, nil
}

// files lists the keys: by the names that ssh-keygen -A gives, and by those that the server's
// configuration could name in the same directory. Public ones have the suffix that ssh-keygen adds.
func (k sshHostKeys) files(h host.Files) ([]string, error) {
	pattern := "/etc/ssh/*_key"
	if k.which == "public" {
		pattern = "/etc/ssh/*.pub"
	}
	return host.Glob(h, pattern)
}

func sshKeyGroupIDs(h host.Files) ([]int, error) {
	known, err := walkIDs(h, "/etc/group")
	if err != nil {
		return nil, err
	}
	var ids []int
	for id, name := range known {
		if slices.Contains(sshKeysGroups(), name) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

func (k sshHostKeys) change(path string, info host.FileInfo, groups []int) (rule.SetAttr, bool) {
	bound := fs.FileMode(0o644)
	groupRight := info.GID == 0
	if k.which == "private" {
		bound = 0o600
		if slices.Contains(groups, info.GID) {
			groupRight, bound = true, 0o640
		}
	}
	root := 0
	set := rule.SetAttr{Path: path}
	if info.UID != 0 {
		set.UID = &root
	}
	if !groupRight {
		set.GID = &root
	}
	if mode := info.Mode & modeBits & bound; mode != info.Mode&modeBits {
		set.Mode = &mode
	}
	return set, set.UID != nil || set.GID != nil || set.Mode != nil
}

func (k sshHostKeys) Diff(o rule.Observation) []rule.Change {
	changes, _ := o.State.([]rule.Change)
	return changes
}
