package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/ini"
	"github.com/nodeimage/packer-plugin-harden/remediate/config/timesync"
	"github.com/nodeimage/packer-plugin-harden/remediate/config/unitfile"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// timeSourceKind is where the machine gets the time from.
func timeSourceKind() Kind { return Kind{Name: "time_source", New: newTimeSource} }

type timeSource struct {
	name    string // any, or one daemon
	sources []string
	users   []string
	strict  bool // restrict lines of ntpd
	started bool // the daemon starts, unless another one does
}

// timeUnits are the units of a daemon, by the names that distributions give it.
func timeUnits(daemon string) []string {
	switch daemon {
	case "chrony":
		return []string{"chrony.service", "chronyd.service"}
	case "ntp":
		return []string{"ntp.service", "ntpd.service", "ntpsec.service"}
	}
	return []string{"systemd-timesyncd.service"}
}

func timeDaemons() []string { return []string{"chrony", "ntp", "systemd-timesyncd"} }

func newTimeSource(name string, decode Decode) (Resource, error) {
	var body struct {
		Sources  []string `hcl:"sources,optional"`
		Users    []string `hcl:"users,optional"`
		Restrict bool     `hcl:"restrict,optional"`
		Started  bool     `hcl:"started,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	t := timeSource{name: name, sources: body.Sources, users: body.Users, strict: body.Restrict, started: body.Started}
	if name != "any" && !slices.Contains(timeDaemons(), name) {
		return nil, fmt.Errorf("%q is none of any, %s", name, strings.Join(timeDaemons(), ", "))
	}
	if len(t.users) > 0 && name != "chrony" {
		return nil, errors.New("users are for chrony")
	}
	if t.strict && name != "ntp" {
		return nil, errors.New("restrict is for ntp")
	}
	if t.started && (name == "any" || len(t.sources)+len(t.users) > 0 || t.strict) {
		return nil, errors.New("started is for one daemon, and stands alone")
	}
	for _, p := range t.sources {
		if _, err := path.Match(p, ""); err != nil {
			return nil, fmt.Errorf("%q is not a pattern", p)
		}
	}
	return t, nil
}

func (t timeSource) Ref() rule.Ref { return rule.Ref{Kind: "time_source", Name: t.name} }

type timeSourceFound struct {
	wrong []rule.Change
}

func (t timeSource) Observe(ctx context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: t.expected()}
	var found timeSourceFound
	running, err := timeStarts(ctx, h)
	if err != nil {
		return o, err
	}
	if t.started {
		return t.observeStart(ctx, h, o, running)
	}
	var wrong []string
	deviates := func(subject, what, why string) {
		wrong = append(wrong, what)
		found.wrong = append(found.wrong, rule.Unfixable{Subject: subject, Reason: why, Of: rule.Persisted})
	}
	if t.name == "any" {
		o.Persisted = "started at boot: " + strings.Join(running, ", ")
		o.Message = o.Persisted
		if len(running) != 1 {
			if len(running) == 0 {
				o.Persisted = "no time daemon is started at boot"
			}
			deviates("time daemon", o.Persisted+", and exactly one has to be", "which daemon keeps the time is the operator's")
		}
	} else if !slices.Contains(running, t.name) {
		o.NotApplicable = t.name + " is not started at boot"
		return o, nil
	}
	for _, daemon := range running {
		if t.name == "any" && len(running) != 1 {
			break
		}
		sources, c, err := timeSources(h, daemon)
		if err != nil {
			return o, err
		}
		for _, l := range sources {
			o.Sources = append(o.Sources, rule.Source{Path: l.Path, Line: l.Line, Text: l.Text, Wins: true})
			o.Evidence = append(o.Evidence, l.String())
			if !t.authorised(l) {
				deviates(fmt.Sprintf("%s:%d", l.Path, l.Line), l.Words[1]+" is not a source that the profile lists", "which time servers to trust is the operator's")
			}
		}
		slices.Sort(o.Evidence)
		if len(sources) == 0 {
			deviates(daemon, daemon+" has no source of time", "which time servers to trust is the operator's")
		}
		if t.name != "any" {
			o.Persisted = fmt.Sprintf("%d sources", len(sources))
		}
		o.Message = fmt.Sprintf("%s takes the time from %d sources", daemon, len(sources))
		wrong = append(wrong, t.user(c, &found)...)
		wrong = append(wrong, t.restricted(c, &found)...)
	}
	if len(wrong) > 0 {
		o.Message = strings.Join(wrong, "; ")
	}
	o.State = found
	return o, nil
}

// observeStart is about a daemon that may be one of several: it has to start when none else does, and
// where several are installed the first of timeDaemons is the one.
func (t timeSource) observeStart(ctx context.Context, h host.Reader, o rule.Observation, running []string) (rule.Observation, error) {
	var found timeSourceFound
	if len(running) > 0 && !slices.Contains(running, t.name) {
		o.NotApplicable = strings.Join(running, ", ") + " keeps the time here"
		return o, nil
	}
	for _, d := range timeDaemons() {
		for _, name := range timeUnits(d) {
			v, err := lookUnit(ctx, h, name, false)
			if err != nil {
				return o, err
			}
			if v.status.State == unitfile.NotFound || v.status.State == unitfile.Masked {
				continue
			}
			if len(running) == 0 && d != t.name {
				o.NotApplicable = d + " is the daemon that would be started here"
				return o, nil
			}
			if d != t.name {
				break
			}
			o.Persisted = name + " does not start at boot"
			if v.starts() {
				o.Persisted = name + " starts at boot"
			} else {
				found.wrong = append(found.wrong, rule.ChangeUnit{Name: name, Action: rule.EnableUnit})
			}
			if v.seen {
				o.Running = v.live.Active
				if v.live.Active != "active" {
					found.wrong = append(found.wrong, rule.ChangeUnit{Name: name, Action: rule.StartUnit})
				}
			}
			o.Message, o.State = o.Persisted, found
			return o, nil
		}
	}
	o.NotApplicable = t.name + " is not installed"
	return o, nil
}

// timeStarts lists the daemons that the next boot starts.
func timeStarts(ctx context.Context, h host.Reader) ([]string, error) {
	var out []string
	for _, d := range timeDaemons() {
		for _, u := range timeUnits(d) {
			v, err := lookUnit(ctx, h, u, false)
			if err != nil {
				return nil, err
			}
			if v.starts() {
				out = append(out, d)
				break
			}
		}
	}
	return out, nil
}

func timeSources(h host.Reader, daemon string) ([]timesync.Line, timesync.Config, error) {
	var c timesync.Config
	var err error
	switch daemon {
	case "chrony":
		c, err = timesync.Chrony(h)
	case "ntp":
		c, err = timesync.NTP(h)
	default:
		conf, err := ini.Read(h, ini.PersistentDirs(), "systemd/timesyncd.conf")
		if err != nil {
			return nil, c, err
		}
		var out []timesync.Line
		for _, key := range []string{"NTP", "FallbackNTP"} {
			if a, ok := conf.Last("Time", key); ok && a.Value != "" {
				out = append(out, timesync.Line{Path: a.Path, Line: a.Line, Text: a.Text, Words: append([]string{strings.ToLower(key)}, strings.Fields(a.Value)...)})
			}
		}
		return out, c, nil
	}
	if errors.Is(err, fs.ErrNotExist) && c.Path == "" {
		return nil, c, nil
	}
	return c.Sources(), c, err
}

// authorised reports whether every server of a line is one that the profile lists.
func (t timeSource) authorised(l timesync.Line) bool {
	if len(t.sources) == 0 {
		return true
	}
	names := l.Words[1:2]
	switch l.Words[0] {
	case "ntp", "fallbackntp":
		names = l.Words[1:]
	case "refclock":
		names = l.Words[2:min(3, len(l.Words))]
	}
	for _, n := range names {
		if !slices.ContainsFunc(t.sources, func(p string) bool { ok, err := path.Match(p, n); return ok && err == nil }) {
			return false
		}
	}
	return true
}

// user says whether chronyd is told to run as somebody else. Distributions build the user in.
func (t timeSource) user(c timesync.Config, found *timeSourceFound) []string {
	l, ok := c.Last("user")
	if len(t.users) == 0 || !ok || len(l.Words) < 2 || slices.Contains(t.users, l.Words[1]) {
		return nil
	}
	found.wrong = append(found.wrong, rule.EditFile{Path: l.Path, Edits: []rule.Edit{{Op: rule.DeleteLine, Line: l.Line, Old: l.Text}}})
	return []string{fmt.Sprintf("%s:%d runs chronyd as %s", l.Path, l.Line, l.Words[1])}
}

func timeRestrictions() []string { return []string{"kod", "nomodify", "notrap", "nopeer", "noquery"} }

// restricted says whether ntpd lets strangers ask for more than the time.
func (t timeSource) restricted(c timesync.Config, found *timeSourceFound) []string {
	if !t.strict {
		return nil
	}
	var out []string
	families := map[string]bool{}
	for _, l := range c.All("restrict") {
		i := slices.Index(l.Words, "default")
		if i < 0 || i > 2 {
			continue
		}
		if i == 2 {
			families[l.Words[1]] = true
		} else {
			families["-4"], families["-6"] = true, true
		}
		var missing []string
		for _, w := range timeRestrictions() {
			if !slices.Contains(l.Words, w) && !slices.Contains(l.Words, "ignore") {
				missing = append(missing, w)
			}
		}
		if len(missing) > 0 {
			out = append(out, fmt.Sprintf("%s:%d lacks %s", l.Path, l.Line, strings.Join(missing, " ")))
			text := strings.TrimRight(strings.Join(l.Words, " "), " ") + " " + strings.Join(missing, " ")
			found.wrong = append(found.wrong, rule.EditFile{Path: l.Path, Edits: []rule.Edit{{Op: rule.ReplaceLine, Line: l.Line, Old: l.Text, New: []string{text}}}})
		}
	}
	for _, f := range []string{"-4", "-6"} {
		if !families[f] {
			out = append(out, "no line restrict "+f+" default")
			line := "restrict " + f + " default " + strings.Join(timeRestrictions(), " ")
			found.wrong = append(found.wrong, rule.EditFile{Path: c.Path, Create: rule.Attr{Mode: 0o644}, Edits: []rule.Edit{{Op: rule.Append, New: []string{line}}}})
		}
	}
	return out
}

func (t timeSource) expected() string {
	if t.started {
		return t.name + " starts, unless another time daemon does"
	}
	s := t.name + " has a source of time"
	if t.name == "any" {
		s = "exactly one time daemon starts, and has a source"
	}
	if len(t.sources) > 0 {
		s += " out of " + strings.Join(t.sources, ", ")
	}
	if len(t.users) > 0 {
		s += ", and runs as " + strings.Join(t.users, " or ")
	}
	if t.strict {
		s += ", and restricts strangers"
	}
	return s
}

func (t timeSource) Diff(o rule.Observation) []rule.Change {
	found, _ := o.State.(timeSourceFound)
	return found.wrong
}
