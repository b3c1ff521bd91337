package resource

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/unitfile"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// unitKind is a systemd unit that starts at boot, does not, or cannot.
func unitKind() Kind { return Kind{Name: "unit", New: newUnit} }

type unit struct {
	name   string
	state  string
	or     []string // other units that do for an enabled one
	active *bool
}

func newUnit(name string, decode Decode) (Resource, error) {
	var body struct {
		State  string   `hcl:"state"`
		Or     []string `hcl:"or,optional"`
		Active *bool    `hcl:"active,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	for _, n := range append([]string{name}, body.Or...) {
		if !unitfile.ValidName(n) {
			return nil, fmt.Errorf("%q is not a unit name such as \"ssh.service\"", n)
		}
	}
	switch body.State {
	case "enabled":
		if body.Active != nil && !*body.Active {
			return nil, fmt.Errorf("unit %s cannot be enabled and inactive", name)
		}
	case "disabled", "masked":
		if len(body.Or) > 0 {
			return nil, fmt.Errorf("or is for enabled units")
		}
		if body.Active != nil && *body.Active {
			return nil, fmt.Errorf("unit %s cannot be %s and active", name, body.State)
		}
	default:
		return nil, fmt.Errorf("state of a unit is %q, and must be \"enabled\", \"disabled\" or \"masked\"", body.State)
	}
	return unit{name: name, state: body.State, or: body.Or, active: body.Active}, nil
}

func (u unit) Ref() rule.Ref { return rule.Ref{Kind: "unit", Name: u.name} }

// unitView is one unit as the next boot and systemd now see it.
type unitView struct {
	status unitfile.Status
	preset *unitfile.Preset // set when the next boot is the first one, and presets would enable it
	live   host.UnitState
	seen   bool // live is known
}

// starts reports whether the next boot starts the unit, or lets something start it.
func (v unitView) starts() bool {
	switch v.status.State {
	case unitfile.Enabled:
		return true
	case unitfile.Masked, unitfile.MaskedRuntime, unitfile.NotFound:
		return v.status.State == unitfile.MaskedRuntime && len(v.status.Wants) > 0
	}
	return v.preset != nil || len(persistentLinks(v.status.Wants)) > 0
}

// persistentLinks leaves out links in /run, which are gone at the next boot.
func persistentLinks(links []string) []string {
	return slices.DeleteFunc(slices.Clone(links), func(l string) bool { return strings.HasPrefix(l, "/run/") })
}

type unitFound struct {
	self     unitView
	unmasked unitView   // what self would be without the mask, where an enabled one is masked in /etc
	triggers []unitView // sockets, timers and paths that start it
	others   []unitView // the units of or
}

func (u unit) Observe(ctx context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: u.expected()}
	var found unitFound
	first, err := unitfile.FirstBoot(h)
	if err != nil {
		return o, err
	}
	look := func(name string) (unitView, error) { return lookUnit(ctx, h, name, first) }
	if found.self, err = look(u.name); err != nil {
		return o, err
	}
	if found.self.status.State != unitfile.Masked && found.self.status.State != unitfile.NotFound && strings.HasSuffix(u.name, ".service") {
		names, err := unitfile.Triggers(h, found.self.status.Name)
		if err != nil {
			return o, err
		}
		for _, n := range names {
			v, err := look(n)
			if err != nil {
				return o, err
			}
			found.triggers = append(found.triggers, v)
		}
	}
	for _, n := range u.or {
		v, err := look(n)
		if err != nil {
			return o, err
		}
		found.others = append(found.others, v)
	}
	if self := found.self.status; u.state == "enabled" && self.State == unitfile.Masked && strings.HasPrefix(self.Path, unitfile.PersistentDir+"/") {
		without := host.NewOverlay(h)
		if err := without.Delete(self.Path); err != nil {
			return o, fmt.Errorf("cannot tell what %s is without its mask: %w", u.name, err)
		}
		if found.unmasked, err = lookUnit(ctx, without, u.name, first); err != nil {
			return o, err
		}
	}
	u.describe(&o, found)
	o.State = found
	return o, nil
}

func lookUnit(ctx context.Context, h host.Reader, name string, firstBoot bool) (unitView, error) {
	var v unitView
	var err error
	if v.status, err = unitfile.Look(h, name); err != nil {
		return v, fmt.Errorf("cannot tell how %s starts: %w", name, err)
	}
	if firstBoot && v.status.State == unitfile.Disabled {
		p, err := unitfile.FindPreset(h, v.status.Name)
		if err != nil {
			return v, err
		}
		if p.Enable {
			v.preset = &p
		}
	}
	if r := h.Running(); r != nil {
		if v.live, err = r.Unit(ctx, name); err != nil {
			return v, fmt.Errorf("cannot ask systemd for %s: %w", name, err)
		}
		v.seen = true
	}
	return v, nil
}

func (u unit) expected() string {
	s := u.state
	if len(u.or) > 0 {
		s += ", or " + strings.Join(u.or, " or ") + " is"
	}
	if u.active != nil {
		if *u.active {
			s += ", and active"
		} else {
			s += ", and not active"
		}
	}
	return s
}

func (u unit) describe(o *rule.Observation, found unitFound) {
	self := found.self
	o.Persisted = string(self.status.State)
	if self.seen {
		o.Running = self.live.Active
	}
	for _, l := range self.status.Wants {
		o.Sources = append(o.Sources, rule.Source{Path: l, Wins: self.starts()})
	}
	if self.status.Path != "" {
		o.Sources = append(o.Sources, rule.Source{Path: self.status.Path, Wins: len(self.status.Wants) == 0})
	}
	if self.preset != nil && self.preset.Path != "" {
		o.Sources = append(o.Sources, rule.Source{Path: self.preset.Path, Line: self.preset.Line, Text: self.preset.Text, Wins: true})
	}
	var starters []string
	for _, t := range found.triggers {
		if t.starts() {
			starters = append(starters, t.status.Asked)
			for _, l := range t.status.Wants {
				o.Sources = append(o.Sources, rule.Source{Path: l})
			}
		}
	}
	switch u.state {
	case "enabled":
		u.describeEnabled(o, found, starters)
	default:
		u.describeOff(o, found, starters)
	}
}

func (u unit) describeEnabled(o *rule.Observation, found unitFound, starters []string) {
	switch {
	case found.self.status.State == unitfile.Masked:
		o.Message = u.name + " is masked"
	case found.self.starts():
		o.Message = u.name + " starts at boot"
	case len(starters) > 0:
		o.Message = u.name + " is started by " + strings.Join(starters, ", ")
	default:
		o.Message = u.name + " does not start at boot"
		if found.self.status.State == unitfile.NotFound {
			o.Message = u.name + " does not exist"
		}
	}
	if v, ok := found.satisfiedBy(); ok && v.status.Asked != u.name && !slices.Contains(starters, v.status.Asked) {
		o.Message = v.status.Asked + " starts at boot in its place"
		for _, l := range v.status.Wants {
			o.Sources = append(o.Sources, rule.Source{Path: l, Wins: true})
		}
	}
}

func (u unit) describeOff(o *rule.Observation, found unitFound, starters []string) {
	self := found.self
	switch {
	case self.status.State == unitfile.NotFound:
		o.Message = u.name + " does not exist"
	case self.status.State == unitfile.Masked:
		o.Message = u.name + " is masked"
	case self.status.State == unitfile.MaskedRuntime:
		o.Message = u.name + " is masked only until the next boot"
	case self.preset != nil:
		o.Message = "the next boot is a first boot, and presets then enable " + u.name
	case self.starts():
		o.Message = u.name + " is started at boot by " + strings.Join(self.status.Wants, ", ")
		if len(self.status.Wants) == 0 {
			o.Message = u.name + " is enabled"
		}
	case len(starters) > 0:
		o.Message = u.name + " is started by " + strings.Join(starters, ", ")
	case u.state == "masked":
		o.Message = u.name + " is not masked"
	default:
		o.Message = u.name + " is not started at boot"
	}
	if self.seen && self.live.Active == "active" {
		o.Message += "; it is active now"
	}
}

// satisfiedBy gives the first unit that makes an enabled one start: itself, one that triggers it, or
// one that the rule allows in its place.
func (f unitFound) satisfiedBy() (unitView, bool) {
	if f.self.status.State == unitfile.Masked {
		for _, v := range f.others {
			if v.starts() {
				return v, true
			}
		}
		return unitView{}, false
	}
	for _, v := range slices.Concat([]unitView{f.self}, f.triggers, f.others) {
		if v.starts() {
			return v, true
		}
	}
	return unitView{}, false
}

func (u unit) Diff(o rule.Observation) []rule.Change {
	found := o.State.(unitFound)
	if u.state == "enabled" {
		return u.diffEnabled(found)
	}
	var changes []rule.Change
	for _, t := range found.triggers {
		if u.state == "disabled" {
			changes = append(changes, stopBoot(t)...)
		}
	}
	switch {
	case found.self.status.State == unitfile.NotFound, found.self.status.State == unitfile.Masked:
	case u.state == "masked":
		changes = append(changes, mask(found.self)...)
	default:
		changes = append(changes, stopBoot(found.self)...)
	}
	if u.active == nil || *u.active {
		return changes
	}
	for _, v := range append(slices.Clone(found.triggers), found.self) {
		if v.seen && (v.live.Active == "active" || v.live.Active == "activating" || v.live.Active == "reloading") {
			changes = append(changes, rule.ChangeUnit{Name: v.status.Asked, Action: rule.StopUnit})
		}
	}
	return changes
}

// mask masks a unit, after taking away the links that enabling made.
func mask(v unitView) []rule.Change {
	if strings.HasPrefix(v.status.Path, unitfile.PersistentDir+"/"+v.status.Name) {
		return []rule.Change{rule.Unfixable{Subject: v.status.Name, Reason: v.status.Path + " is in the place where the mask would be", Of: rule.Persisted}}
	}
	return []rule.Change{rule.ChangeUnit{Name: v.status.Name, Action: rule.MaskUnit}}
}

// stopBoot keeps a unit from being started at boot: what enabling did is undone; what a package
// links in below /usr can only be masked; a first boot's presets are told otherwise.
func stopBoot(v unitView) []rule.Change {
	if !v.starts() {
		return nil
	}
	if v.preset != nil {
		return []rule.Change{rule.EditFile{
			Path:   "/etc/systemd/system-preset/00-harden.preset",
			Create: rule.Attr{Mode: 0o644},
			Header: Header,
			Edits:  []rule.Edit{{Op: rule.Append, New: []string{"disable " + v.status.Name}}},
		}}
	}
	for _, l := range persistentLinks(v.status.Wants) {
		if !strings.HasPrefix(l, unitfile.PersistentDir+"/") {
			return mask(v)
		}
	}
	if v.status.State == unitfile.Generated {
		return mask(v)
	}
	return []rule.Change{rule.ChangeUnit{Name: v.status.Name, Action: rule.DisableUnit}}
}

func (u unit) diffEnabled(found unitFound) []rule.Change {
	var changes []rule.Change
	by, ok := found.satisfiedBy()
	if !ok {
		by = found.self
		switch self := found.self.status; {
		case self.State == unitfile.NotFound:
			return []rule.Change{rule.Unfixable{Subject: u.name, Reason: "it does not exist", Of: rule.Persisted}}
		case self.State == unitfile.Masked && !strings.HasPrefix(self.Path, unitfile.PersistentDir+"/"):
			return []rule.Change{rule.Unfixable{Subject: u.name, Reason: "its package masks it: " + self.Path, Of: rule.Persisted}}
		case self.State == unitfile.Masked:
			if found.unmasked.status.State == unitfile.NotFound {
				return []rule.Change{rule.Unfixable{Subject: u.name, Reason: "it does not exist beneath its mask", Of: rule.Persisted}}
			}
			changes = append(changes, rule.ChangeUnit{Name: self.Name, Action: rule.UnmaskUnit})
			// Some units have nothing to enable: a socket, or systemd itself, starts them.
			if !found.unmasked.starts() && found.unmasked.status.HasInstall {
				changes = append(changes, rule.ChangeUnit{Name: self.Name, Action: rule.EnableUnit})
			}
		case !self.HasInstall:
			return []rule.Change{rule.Unfixable{Subject: u.name, Reason: "it has no [Install] section that enabling could follow", Of: rule.Persisted}}
		default:
			changes = append(changes, rule.ChangeUnit{Name: self.Name, Action: rule.EnableUnit})
		}
	}
	if u.active != nil && *u.active && by.seen && by.live.Active != "active" {
		changes = append(changes, rule.ChangeUnit{Name: by.status.Asked, Action: rule.StartUnit})
	}
	return changes
}
