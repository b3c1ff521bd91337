package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/dpkg"
	"github.com/nodeimage/packer-plugin-harden/remediate/config/rpm"
	"github.com/nodeimage/packer-plugin-harden/remediate/config/unitfile"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// packageKind is a package that is installed, or is not.
func packageKind() Kind { return Kind{Name: "package", New: newPackage} }

type packageResource struct {
	name    string
	absent  bool
	dpkg    []string
	rpm     []string
	virtual bool
	any     bool
	along   []string
	unless  []unit // whose being off does in place of absence
}

// packageName is what dpkg and rpm allow, apart from names that could be taken for an option.
var packageName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9+._-]*$`)

func newPackage(name string, decode Decode) (Resource, error) {
	var body struct {
		State   string    `hcl:"state"`
		Dpkg    *[]string `hcl:"dpkg,optional"`
		RPM     *[]string `hcl:"rpm,optional"`
		Virtual bool      `hcl:"virtual,optional"`
		Any     bool      `hcl:"any,optional"`
		Along   []string  `hcl:"along,optional"`
		Unless  *struct {
			Units []string `hcl:"units"`
			State string   `hcl:"state"`
		} `hcl:"unless,block"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	p := packageResource{name: name, dpkg: []string{name}, rpm: []string{name}, virtual: body.Virtual, any: body.Any, along: body.Along}
	if body.Dpkg != nil {
		p.dpkg = *body.Dpkg
	}
	if body.RPM != nil {
		p.rpm = *body.RPM
	}
	for _, n := range slices.Concat(p.dpkg, p.rpm, p.along) {
		if !packageName.MatchString(n) {
			return nil, fmt.Errorf("%q is not the name of a package", n)
		}
	}
	switch body.State {
	case "absent":
		p.absent = true
		for _, n := range slices.Concat(p.dpkg, p.rpm) {
			if slices.Contains(host.ProtectedPackages(), n) {
				return nil, fmt.Errorf("%s is never removed: without it nobody gets in, or nothing boots", n)
			}
		}
		if p.any {
			return nil, errors.New("any is for packages that are to be installed")
		}
	case "installed":
		if body.Unless != nil || len(p.along) > 0 {
			return nil, errors.New("unless and along are for packages that are to be absent")
		}
	default:
		return nil, fmt.Errorf("state of a package is %q, and must be \"absent\" or \"installed\"", body.State)
	}
	if body.Unless == nil {
		return p, nil
	}
	if !slices.Contains([]string{"disabled", "masked", "absent"}, body.Unless.State) || len(body.Unless.Units) == 0 {
		return nil, errors.New("unless needs units, and a state that is \"disabled\", \"masked\" or \"absent\"")
	}
	off := false
	for _, n := range body.Unless.Units {
		if !unitfile.ValidName(n) {
			return nil, fmt.Errorf("%q is not a unit name such as \"ssh.service\"", n)
		}
		if body.Unless.State == "absent" {
			continue // a parameter that is strict: nothing does in place of absence
		}
		p.unless = append(p.unless, unit{name: n, state: body.Unless.State, active: &off})
	}
	return p, nil
}

func (p packageResource) Ref() rule.Ref { return rule.Ref{Kind: "package", Name: p.name} }

// packageUnit is a unit of unless, as it was found.
type packageUnit struct {
	unit  unit
	found rule.Observation
}

func (u packageUnit) exists() bool {
	v, ok := u.found.State.(unitFound)
	return ok && v.self.status.State != unitfile.NotFound
}

type packageFound struct {
	present, missing []string
	held             []string // that the administrator keeps
	dependents       []string // that would go as well
	offline          bool
	units            []packageUnit // that exist
}

func (p packageResource) Observe(ctx context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: p.expected()}
	list, err := openPackages(h)
	if err != nil {
		return o, err
	}
	defer list.close()
	names := p.dpkg
	switch {
	case list.dpkg != nil:
	case list.rpm != nil:
		names = p.rpm
	default:
		o.NotObservable = list.reason
		return o, nil
	}
	if len(names) == 0 {
		o.NotApplicable = "no package is named for this system"
		return o, nil
	}
	found := packageFound{offline: h.Running() == nil}
	if list.dpkg != nil {
		p.lookDpkg(list.dpkg, h.Info().Arch, names, &o, &found)
	} else if err := p.lookRPM(list.rpm, names, &o, &found); err != nil {
		return o, err
	}
	if p.absent && len(found.present) > 0 {
		for _, u := range p.unless {
			uo, err := u.Observe(ctx, h)
			if err != nil {
				return o, err
			}
			if pu := (packageUnit{u, uo}); pu.exists() {
				found.units = append(found.units, pu)
			}
		}
	}
	p.describe(&o, found)
	o.State = found
	return o, nil
}

func (p packageResource) expected() string {
	if !p.absent {
		if p.any {
			return "one of them installed"
		}
		return "installed"
	}
	if len(p.unless) == 0 {
		return "not installed"
	}
	var names []string
	for _, u := range p.unless {
		names = append(names, u.name)
	}
	return "not installed, or " + p.unless[0].state + ": " + strings.Join(names, ", ")
}

func (p packageResource) lookDpkg(db *dpkg.DB, arch string, names []string, o *rule.Observation, found *packageFound) {
	var persisted []string
	for _, name := range names {
		list := db.Find(name)
		if p.virtual {
			list = append(list, db.Providers(name)...)
		}
		there := false
		for _, one := range list {
			o.Sources = append(o.Sources, rule.Source{Path: one.Path, Line: one.Line, Text: "Status: " + one.StatusText(), Wins: one.Installed()})
			switch {
			case p.absent && one.Installed() || !p.absent && one.Configured():
				there = true
				persisted = append(persisted, one.Name+" "+one.Version)
				called := one.Name
				if one.Arch != "" && one.Arch != "all" && one.Arch != arch {
					called += ":" + one.Arch
				}
				if !slices.Contains(found.present, called) {
					found.present = append(found.present, called)
				}
				if one.Held() {
					found.held = append(found.held, one.Name)
				}
			case one.StatusText() != "":
				persisted = append(persisted, one.Name+": "+one.StatusText())
			}
		}
		if !there {
			found.missing = append(found.missing, name)
		}
	}
	if p.absent && len(found.present) > 0 {
		var bare []string
		for _, n := range found.present {
			n, _, _ = strings.Cut(n, ":")
			bare = append(bare, n)
		}
		found.dependents = db.Dependents(bare...)
	}
	o.Persisted = orNotInstalled(persisted)
}

func (p packageResource) lookRPM(db *rpm.DB, names []string, o *rule.Observation, found *packageFound) error {
	var persisted []string
	for _, name := range names {
		wanted := []string{name}
		if p.virtual {
			more, err := db.Providers(name)
			if err != nil {
				return err
			}
			wanted = append(wanted, more...)
		}
		list, err := db.Find(wanted...)
		if err != nil {
			return err
		}
		for _, one := range list {
			persisted = append(persisted, one.Name+" "+one.Version+"-"+one.Release)
			if !slices.Contains(found.present, one.Name) {
				found.present = append(found.present, one.Name)
			}
		}
		if len(list) == 0 {
			found.missing = append(found.missing, name)
		}
	}
	if p.absent && len(found.present) > 0 {
		var err error
		if found.dependents, err = db.Dependents(found.present...); err != nil {
			return err
		}
	}
	o.Sources = append(o.Sources, rule.Source{Path: db.Path, Wins: true})
	o.Persisted = orNotInstalled(persisted)
	return nil
}

func orNotInstalled(list []string) string {
	if len(list) == 0 {
		return "not installed"
	}
	return strings.Join(list, "; ")
}

func (p packageResource) describe(o *rule.Observation, found packageFound) {
	switch {
	case !p.absent && (len(found.missing) == 0 || p.any && len(found.present) > 0):
		o.Message = strings.Join(found.present, ", ") + " " + packageVerb(found.present) + " installed"
		return
	case !p.absent && p.any:
		o.Message = "none of " + strings.Join(found.missing, ", ") + " is installed"
		return
	case !p.absent:
		o.Message = strings.Join(found.missing, ", ") + " " + packageVerb(found.missing) + " not installed"
		return
	case len(found.present) == 0:
		o.Message = "not installed"
		return
	}
	o.Message = strings.Join(found.present, ", ") + " " + packageVerb(found.present) + " installed"
	var units, states []string
	for _, u := range found.units {
		units = append(units, u.found.Message)
		states = append(states, u.unit.name+" "+u.found.Persisted)
		o.Sources = append(o.Sources, u.found.Sources...)
		if u.found.Running != "" {
			o.Running = strings.TrimPrefix(o.Running+"; "+u.unit.name+" "+u.found.Running, "; ")
		}
	}
	if len(units) > 0 {
		o.Message += "; " + strings.Join(units, "; ")
		o.Persisted += "; " + strings.Join(states, "; ")
	}
}

func packageVerb(names []string) string {
	if len(names) == 1 {
		return "is"
	}
	return "are"
}

func (p packageResource) Diff(o rule.Observation) []rule.Change {
	found, _ := o.State.(packageFound)
	switch {
	case !p.absent:
		return p.diffInstalled(found)
	case len(found.present) == 0:
		return nil
	case len(found.units) > 0:
		var changes []rule.Change
		for _, u := range found.units {
			changes = append(changes, u.unit.Diff(u.found)...)
		}
		return changes
	}
	unfixable := func(reason string) []rule.Change {
		return []rule.Change{rule.Unfixable{Subject: strings.Join(found.present, " "), Reason: reason, Of: rule.Persisted}}
	}
	stays := func(n string) bool {
		return !slices.Contains(p.along, n) || slices.Contains(host.ProtectedPackages(), n)
	}
	more := slices.DeleteFunc(slices.Clone(found.dependents), func(n string) bool { return !stays(n) })
	switch {
	case found.offline:
		return unfixable(host.ErrOfflinePackages.Error())
	case len(found.held) > 0:
		return unfixable(strings.Join(found.held, ", ") + " is on hold")
	case len(more) > 0:
		return unfixable("removing it would also remove " + strings.Join(more, ", "))
	}
	return []rule.Change{rule.RemovePackage{Names: found.present, Along: found.dependents}}
}

func (p packageResource) diffInstalled(found packageFound) []rule.Change {
	if len(found.missing) == 0 || p.any && len(found.present) > 0 {
		return nil
	}
	want := found.missing
	if p.any {
		want = want[:1]
	}
	if found.offline {
		return []rule.Change{rule.Unfixable{Subject: strings.Join(want, " "), Reason: host.ErrOfflinePackages.Error(), Of: rule.Persisted}}
	}
	return []rule.Change{rule.InstallPackage{Names: want}}
}

// installedPackages is the record of one of the two package managers, or the reason why there is none.
type installedPackages struct {
	dpkg   *dpkg.DB
	rpm    *rpm.DB
	reason string
}

func (l installedPackages) close() {
	if l.rpm != nil {
		l.rpm.Close()
	}
}

// openPackages finds the system's own package manager. Where both have left a record, as on a Debian
// build machine with rpm, the system's name decides.
func openPackages(h host.Reader) (installedPackages, error) {
	var l installedPackages
	debian := slices.Contains([]string{"ubuntu", "debian"}, h.Info().OS)
	if !debian {
		if done, err := l.openRPM(h); err != nil || done {
			return l, err
		}
	}
	db, err := dpkg.Read(h)
	switch {
	case err == nil && len(db.Packages) > 0:
		l.dpkg, l.reason = db, ""
		return l, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return l, err
	}
	if debian {
		if done, err := l.openRPM(h); err != nil || done {
			return l, err
		}
	}
	if l.reason == "" {
		l.reason = "there is no record of installed packages (" + dpkg.Status + ", " + rpm.Dirs()[0] + "/rpmdb.sqlite)"
	}
	return l, nil
}

func (l *installedPackages) openRPM(h host.Reader) (bool, error) {
	db, err := rpm.Open(h)
	switch {
	case err == nil:
		l.rpm = db
		return true, nil
	case errors.Is(err, rpm.ErrOtherForm):
		l.reason = err.Error()
		return false, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	}
	return false, err
}
