package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/audit"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// auditFileKind is the owner, group and mode of the files of the audit system: the log where auditd.conf
// puts it, its directory, the configuration, the programs.
func auditFileKind() Kind { return Kind{Name: "audit_file", New: newAuditFile} }

type auditFile struct {
	what string
	want fileWant
}

func newAuditFile(name string, decode Decode) (Resource, error) {
	if !slices.Contains([]string{"log", "log_directory", "configuration", "tools"}, name) {
		return nil, fmt.Errorf("%q is none of log, log_directory, configuration, tools", name)
	}
	var body struct {
		Owner  string   `hcl:"owner,optional"`
		Groups []string `hcl:"groups,optional"`
		Mode   string   `hcl:"mode,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	w := fileWant{Owner: body.Owner, Groups: body.Groups, Mode: body.Mode}
	if w.Mode != "" {
		var err error
		if w.mode, err = parseMode(w.Mode); err != nil {
			return nil, err
		}
	}
	if w.Owner == "" && len(w.Groups) == 0 && w.Mode == "" {
		return nil, errors.New("an audit_file needs at least one of owner, groups, mode")
	}
	return auditFile{name, w}, nil
}

func (a auditFile) Ref() rule.Ref { return rule.Ref{Kind: "audit_file", Name: a.what} }

// auditFileFound is the files with what the file kind found of each.
type auditFileFound struct {
	files []file
	seen  []rule.Observation
}

func (a auditFile) Observe(ctx context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: file{want: a.want}.expected()}
	if reason, err := auditMissing(h); err != nil || reason != "" {
		o.NotApplicable = reason
		return o, err
	}
	paths, err := a.paths(h)
	if err != nil {
		return o, err
	}
	var found auditFileFound
	var messages []string
	for _, p := range paths {
		f := file{path: p, want: a.want}
		seen, err := f.Observe(ctx, h)
		if err != nil {
			return o, err
		}
		if seen.NotApplicable != "" {
			continue
		}
		found.files, found.seen = append(found.files, f), append(found.seen, seen)
		o.Sources = append(o.Sources, seen.Sources...)
		if o.Persisted == "" || len(f.Diff(seen)) > 0 {
			o.Persisted = seen.Persisted
		}
		if len(f.Diff(seen)) > 0 {
			messages = append(messages, seen.Message)
		}
	}
	if len(found.files) == 0 {
		o.NotApplicable = "there are no such files yet"
		return o, nil
	}
	o.Message = "all are as they should be"
	if len(messages) > 0 {
		o.Message = strings.Join(messages, "; ")
	}
	o.State = found
	return o, nil
}

func (a auditFile) paths(h host.Files) ([]string, error) {
	switch a.what {
	case "configuration":
		return audit.ConfigFiles(h)
	case "tools":
		return audit.Tools(h)
	}
	content, err := h.ReadFile(audit.ConfFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read %s: %w", audit.ConfFile, err)
	}
	settings, err := audit.ParseConf(content)
	if err != nil {
		return nil, fmt.Errorf("cannot tell where auditd logs: %w", err)
	}
	log := audit.Default("log_file")
	for _, s := range settings {
		if s.Name == "log_file" {
			log = s.Value
		}
	}
	return audit.LogPaths(h, log, a.what == "log_directory")
}

func (a auditFile) Diff(o rule.Observation) []rule.Change {
	found, _ := o.State.(auditFileFound)
	var changes []rule.Change
	for i, f := range found.files {
		changes = append(changes, f.Diff(found.seen[i])...)
	}
	return changes
}
