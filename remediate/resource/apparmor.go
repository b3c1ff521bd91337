package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/apparmor"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// apparmorKind is the mode of every AppArmor profile of the system.
func apparmorKind() Kind { return Kind{Name: "apparmor", New: newApparmor} }

type apparmorResource struct {
	label   string
	enforce bool
	except  []string
}

func newApparmor(name string, decode Decode) (Resource, error) {
	var body struct {
		Mode   string   `hcl:"mode"`
		Except []string `hcl:"except,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	if body.Mode != "enforce" && body.Mode != "loaded" {
		return nil, fmt.Errorf("mode of apparmor is %q, and must be \"loaded\" or \"enforce\"", body.Mode)
	}
	return apparmorResource{name, body.Mode == "enforce", body.Except}, nil
}

func (r apparmorResource) Ref() rule.Ref { return rule.Ref{Kind: "apparmor", Name: r.label} }

func (r apparmorResource) expected() string {
	s := "every profile is loaded, in enforce or complain mode"
	if r.enforce {
		s = "every profile is loaded, in enforce mode"
	}
	if len(r.except) > 0 {
		s += ", but for " + strings.Join(r.except, ", ")
	}
	return s
}

func (r apparmorResource) right(m apparmor.Mode) bool {
	switch m {
	case apparmor.Enforce, apparmor.Kill, apparmor.Mixed:
		return true
	case apparmor.Complain:
		return !r.enforce
	}
	return false
}

type apparmorFound struct {
	wrong   []apparmor.Profile
	running []string // "name (mode)" of what is loaded in a wrong mode
}

func (r apparmorResource) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: r.expected()}
	profiles, err := apparmor.Load(h)
	if errors.Is(err, fs.ErrNotExist) {
		o.NotApplicable = apparmor.Dir + " does not exist"
		return o, nil
	}
	if err != nil {
		return o, err
	}
	var found apparmorFound
	count := map[apparmor.Mode]int{}
	var why []string
	for _, p := range profiles {
		count[p.Mode]++
		if r.right(p.Mode) || slices.Contains(r.except, p.Name) {
			continue
		}
		found.wrong = append(found.wrong, p)
		o.Evidence = append(o.Evidence, fmt.Sprintf("%s: %s", p.Name, p.Mode))
		o.Sources = append(o.Sources, rule.Source{Path: p.Why.Path, Line: p.Why.Line, Text: p.Why.Text, Wins: true})
		why = append(why, fmt.Sprintf("%s is %s (%s)", p.Name, p.Mode, p.Why))
	}
	slices.Sort(o.Evidence)
	var parts []string
	for _, m := range []apparmor.Mode{apparmor.Enforce, apparmor.Kill, apparmor.Mixed, apparmor.Complain, apparmor.Unconfined, apparmor.Disabled} {
		if count[m] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count[m], m))
		}
	}
	o.Persisted = strings.Join(parts, ", ")
	if len(profiles) == 0 {
		o.Persisted = "no profiles"
	}
	o.Message = "every profile has the wanted mode: " + o.Persisted
	if len(why) > 0 {
		o.Message = strings.Join(why, "; ")
	}
	if err := r.loaded(h, &o, &found); err != nil {
		return o, err
	}
	o.State = found
	return o, nil
}

// loaded looks at what the kernel has. Where the list is not there, AppArmor does not run here.
func (r apparmorResource) loaded(h host.Reader, o *rule.Observation, found *apparmorFound) error {
	if h.Running() == nil {
		return nil
	}
	running, err := apparmor.Loaded(h)
	if errors.Is(err, fs.ErrNotExist) {
		o.Running = "not seen: " + apparmor.KernelList + " is not there"
		return nil
	}
	if err != nil {
		return err
	}
	for _, p := range running {
		if !r.right(p.Mode) && !slices.Contains(r.except, p.Name) {
			found.running = append(found.running, fmt.Sprintf("%s (%s)", p.Name, p.Mode))
		}
	}
	o.Running = fmt.Sprintf("%d profiles loaded, %d in another mode", len(running), len(found.running))
	return nil
}

func (r apparmorResource) Diff(o rule.Observation) []rule.Change {
	found, _ := o.State.(apparmorFound)
	var changes []rule.Change
	var removed []string
	for _, p := range found.wrong {
		switch {
		case p.Why.Link != "":
			if !slices.Contains(removed, p.Why.Link) {
				removed = append(removed, p.Why.Link)
				changes = append(changes, rule.RemoveFile{Path: p.Why.Link})
			}
		case p.Mode == apparmor.Unconfined:
			changes = append(changes, rule.Unfixable{Subject: p.Why.String(), Reason: "the profile allows everything by intent and holds few rules: enforcing them would stop the program", Of: rule.Persisted})
		case p.WithoutFlag == "":
			changes = append(changes, rule.Unfixable{Subject: p.Why.String(), Reason: "the flags cannot be told apart in its line", Of: rule.Persisted})
		default:
			changes = append(changes, rule.EditFile{Path: p.Why.Path, Edits: []rule.Edit{{Op: rule.ReplaceLine, Line: p.Why.Line, Old: p.Why.Text, New: []string{p.WithoutFlag}}}})
		}
	}
	if len(found.running) > 0 {
		changes = append(changes, rule.Unfixable{Subject: apparmor.KernelList, Reason: "profiles are loaded anew at the next boot: " + strings.Join(found.running, ", "), Of: rule.Running})
	}
	return changes
}
