package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/grub"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// grubGeneratorKind is the mode that the generator leaves grub.cfg with.
func grubGeneratorKind() Kind { return Kind{Name: "grub_generator", New: newGrubGenerator} }

type grubGenerator struct {
	label string
	mode  fs.FileMode
}

func newGrubGenerator(name string, decode Decode) (Resource, error) {
	var body struct {
		Mode string `hcl:"mode"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	mode, err := parseMode(body.Mode)
	if err != nil {
		return nil, err
	}
	return grubGenerator{name, mode.Perm()}, nil
}

func (r grubGenerator) Ref() rule.Ref { return rule.Ref{Kind: "grub_generator", Name: r.label} }

type grubGeneratorFound struct {
	wrong []rule.Source // lines of the program that open the file
}

var grubChmod = regexp.MustCompile(`\bchmod[ \t]+(0?[0-7]{3})[ \t]+"?\$\{?grub_cfg\}?\.new`)

func (r grubGenerator) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: "grub.cfg is generated with mode " + octal(r.mode) + " or stricter"}
	path, content := "", []byte(nil)
	for _, p := range []string{"/usr/sbin/grub-mkconfig", "/usr/sbin/grub2-mkconfig"} {
		var err error
		if content, err = h.ReadFile(p); err == nil {
			path = p
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return o, fmt.Errorf("cannot read %s: %w", p, err)
		}
	}
	if path == "" {
		o.NotApplicable = "there is no grub-mkconfig"
		return o, nil
	}
	var found grubGeneratorFound
	o.Persisted = "the mode of a new file under umask 077"
	for i, line := range strings.Split(string(content), "\n") {
		m := grubChmod.FindStringSubmatch(line)
		if m == nil || strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		mode, err := parseMode(m[1])
		if err != nil {
			return o, fmt.Errorf("%s:%d: %w", path, i+1, err)
		}
		wrong := mode.Perm()&^(r.mode|0o200) != 0
		s := rule.Source{Path: path, Line: i + 1, Text: line, Wins: wrong}
		o.Sources = append(o.Sources, s)
		o.Persisted = "mode " + m[1]
		if wrong {
			found.wrong = append(found.wrong, s)
		}
	}
	o.Message = path + " leaves grub.cfg closed to others"
	if len(found.wrong) > 0 {
		o.Message = fmt.Sprintf("%s:%d opens a grub.cfg without a password to everybody", path, found.wrong[0].Line)
		protected, err := grubKeepsPassword(h)
		if err != nil {
			return o, err
		}
		if protected && strings.Contains(string(content), `"^password"`) {
			o.Message = path + " opens a grub.cfg to others only when it has no password, and a script of " + grub.Scripts + " gives it one"
			found.wrong = nil
			for i := range o.Sources {
				o.Sources[i].Wins = false
			}
		}
	}
	o.State = found
	return o, nil
}

// grubKeepsPassword reports whether what is generated next holds a password line.
func grubKeepsPassword(h host.Files) (bool, error) {
	scripts, err := grub.LoadScripts(h)
	var found grubPasswordFound
	for _, s := range scripts {
		found.lookAtScript(s)
	}
	return found.script, err
}

func (r grubGenerator) Diff(o rule.Observation) []rule.Change {
	found, _ := o.State.(grubGeneratorFound)
	var changes []rule.Change
	for _, s := range found.wrong {
		m := grubChmod.FindStringSubmatchIndex(s.Text)
		text := s.Text[:m[2]] + strings.TrimPrefix(octal(r.mode), "0") + s.Text[m[3]:]
		changes = append(changes, rule.EditFile{Path: s.Path, Create: rule.Attr{Mode: 0o755}, Edits: []rule.Edit{{Op: rule.ReplaceLine, Line: s.Line, Old: s.Text, New: []string{text}}}})
	}
	return changes
}
