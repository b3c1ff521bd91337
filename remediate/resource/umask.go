package resource

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/shell"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// umaskKind is the file mode creation mask that logins end up with: what the startup files of shells
// leave, what PAM gives to sessions that start no login shell, and the default of login.defs.
func umaskKind() Kind { return Kind{Name: "umask", New: newUmask} }

// inheritedMask is what a process has that nothing gave a mask: systemd's default, which is the
// kernel's too.
const inheritedMask = 0o022

type umask struct {
	name     string
	value    string
	want     int
	services []string
	homes    []string
}

func newUmask(name string, decode Decode) (Resource, error) {
	var body struct {
		Value    string    `hcl:"value"`
		Services *[]string `hcl:"services,optional"`
		Homes    *[]string `hcl:"homes,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	want, err := strconv.ParseUint(body.Value, 8, 32)
	if err != nil || want > 0o777 || !strings.HasPrefix(body.Value, "0") {
		return nil, fmt.Errorf("value %q is not an octal mask such as 027", body.Value)
	}
	u := umask{name: name, value: body.Value, want: int(want)}
	u.services = []string{"sshd", "login", "su", "su-l"}
	if body.Services != nil {
		u.services = *body.Services
	}
	for _, s := range u.services {
		if s == "" || strings.ContainsAny(s, "/ \t\x00") {
			return nil, fmt.Errorf("%q is not the name of a PAM service", s)
		}
	}
	u.homes = []string{"/etc/skel"}
	if body.Homes != nil {
		u.homes = *body.Homes
	}
	for _, h := range u.homes {
		if !path.IsAbs(h) || path.Clean(h) != h {
			return nil, fmt.Errorf("home %q is not an absolute path in its shortest form", h)
		}
	}
	return u, nil
}

func (u umask) Ref() rule.Ref { return rule.Ref{Kind: "umask", Name: u.name} }

// umaskFound holds the changes that were found to bring the masks about, each tried on a view of the
// files.
type umaskFound struct{ changes []rule.Change }

func (u umask) strict(bits int) bool { return bits != shell.Unknown && u.want&^bits == 0 }

func (u umask) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: fmt.Sprintf("logins have umask %s or stricter", u.value)}
	var found umaskFound
	var deviates, persisted []string

	// login shells
	goal := startupGoal{weak: u.weakShells, mend: u.mend, add: [][]string{{"umask " + u.value}}}
	spots, err := u.weakShells(h)
	if err != nil {
		return o, err
	}
	edits, left, err := goal.plan(h)
	if err != nil {
		return o, err
	}
	for _, e := range edits {
		found.changes = append(found.changes, e)
	}
	found.changes = append(found.changes, unfixableSpots(left)...)
	deviates = append(deviates, describe(spots)...)
	shells, sources, err := u.shellEvidence(h)
	if err != nil {
		return o, err
	}
	persisted = append(persisted, shells...)
	o.Sources = append(o.Sources, sources...)

	// sessions, login.defs and accounts
	for _, look := range []func(host.Reader) (umaskPart, error){u.observePAM, u.observeDefaults, u.observeAccounts} {
		p, err := look(h)
		if err != nil {
			return o, err
		}
		found.changes = append(found.changes, p.changes...)
		deviates = append(deviates, p.deviates...)
		if p.says != "" {
			persisted = append(persisted, p.says)
		}
		o.Sources = append(o.Sources, p.sources...)
	}
	o.Persisted = strings.Join(persisted, "; ")
	o.State = found
	if len(deviates) == 0 {
		o.Message = "every way to log in ends with a mask that is strict enough"
	} else {
		o.Message = strings.Join(deviates, "; ")
	}
	return o, nil
}

func (u umask) Diff(o rule.Observation) []rule.Change {
	found, _ := o.State.(umaskFound)
	return found.changes
}

// umaskPart is what one of the places besides shells says of masks.
type umaskPart struct {
	says     string
	sources  []rule.Source
	deviates []string
	changes  []rule.Change
}

func (u umask) options(kind shell.Kind) shell.Options {
	if !kind.Login {
		return shell.Options{Mask: u.want} // it inherits what the login left
	}
	return shell.Options{Mask: inheritedMask}
}

func (u umask) weakShells(files host.Files) ([]weakSpot, error) {
	var spots []weakSpot
	err := startups(files, u.homes, u.options, func(kind shell.Kind, r shell.Result) {
		for _, m := range r.Masks {
			if !u.strict(m.Bits) {
				spots = addSpot(spots, weakSpot{kind: kind.Name, at: m.From, what: maskWords(m)})
			}
		}
	})
	return spots, err
}

func maskWords(m shell.Mask) string {
	switch {
	case m.Bits == shell.Unknown:
		return "umask cannot be told: " + m.Why
	case m.From.Path == "":
		return fmt.Sprintf("umask stays %03o", m.Bits)
	}
	return fmt.Sprintf("umask becomes %03o", m.Bits)
}

// shellEvidence says what each kind of shell ends with, and lists the lines that set masks. Kinds
// that end alike are named together.
func (u umask) shellEvidence(files host.Files) (says []string, sources []rule.Source, err error) {
	var kinds, ends []string
	var winners []shell.Place
	var places []shell.Place
	err = startups(files, u.homes, u.options, func(kind shell.Kind, r shell.Result) {
		for _, m := range r.Masks {
			text := fmt.Sprintf("%03o", m.Bits)
			if m.Bits == shell.Unknown {
				text = "unknown"
			}
			text += " (" + strings.Trim(m.From.String(), "()") + ")"
			if i := slices.Index(kinds, kind.Name); i < 0 {
				kinds, ends = append(kinds, kind.Name), append(ends, text)
			} else if !strings.Contains(ends[i], text) {
				ends[i] += " or " + text
			}
			if m.From.Path != "" && !slices.Contains(winners, m.From) {
				winners = append(winners, m.From)
			}
		}
		for _, p := range r.MaskPlaces {
			if !slices.Contains(places, p) {
				places = append(places, p)
			}
		}
	})
	for _, p := range places {
		sources = append(sources, rule.Source{Path: p.Path, Line: p.Line, Text: p.Text, Wins: slices.Contains(winners, p)})
	}
	for i := range kinds {
		if slices.Index(ends, ends[i]) < i {
			continue
		}
		var alike []string
		for j := i; j < len(kinds); j++ {
			if ends[j] == ends[i] {
				alike = append(alike, kinds[j])
			}
		}
		name := strings.Join(alike, " / ")
		if len(alike) == len(kinds) {
			name = "every shell"
		}
		says = append(says, name+": "+ends[i])
	}
	return says, sources, err
}

var umaskStatement = regexp.MustCompile(`\b(umask[ \t]+(?:-S[ \t]+|--[ \t]+)?)([0-7]+|[ugoarwx=+,-]+)`)

// mend makes the masks of a line strict enough.
func (u umask) mend(line string) (string, bool) {
	done := false
	code, comment := line, ""
	if i := strings.Index(line, " #"); i >= 0 {
		code, comment = line[:i], line[i:]
	}
	code = umaskStatement.ReplaceAllStringFunc(code, func(s string) string {
		m := umaskStatement.FindStringSubmatch(s)
		if n, err := strconv.ParseUint(m[2], 8, 32); err == nil && u.strict(int(n)&0o777) {
			return s
		}
		done = true
		return m[1] + u.value
	})
	return code + comment, done
}
