package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/accounts"
	"github.com/nodeimage/packer-plugin-harden/remediate/config/unitfile"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// rescueShellKind is the shell of single-user mode (rescue.service) and of emergency mode.
func rescueShellKind() Kind { return Kind{Name: "rescue_shell", New: newRescueShell} }

type rescueShell struct{ label string }

func newRescueShell(name string, decode Decode) (Resource, error) {
	var body struct {
		Authentication string `hcl:"authentication"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	if body.Authentication != "required" {
		return nil, fmt.Errorf("authentication of a rescue_shell is %q, and must be \"required\"", body.Authentication)
	}
	return rescueShell{name}, nil
}

func (r rescueShell) Ref() rule.Ref { return rule.Ref{Kind: "rescue_shell", Name: r.label} }

type rescueFound struct {
	units   []rescueUnit
	sulogin string // the command that asks for the password, for a unit that lacks it
	// shadow and passwd are set when root's entry there has an empty password.
	shadow, passwd *accountLine
}

type accountLine struct {
	line int
	text string
}

type rescueUnit struct {
	name   string
	bad    []unitfile.Assignment // ExecStart lines that give a shell without asking
	forced *unitfile.Variable    // SYSTEMD_SULOGIN_FORCE is on
}

func (r rescueShell) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: "rescue and emergency shells ask for root's password"}
	var found rescueFound
	var problems, seen []string
	for _, name := range []string{"rescue.service", "emergency.service"} {
		u, err := unitfile.Load(h, name)
		if errors.Is(err, unitfile.ErrNotFound) {
			continue
		}
		if err != nil {
			return o, err
		}
		seen = append(seen, name)
		if u.Masked {
			o.Sources = append(o.Sources, rule.Source{Path: u.Fragment, Text: "masked"})
			continue
		}
		ru, err := lookRescue(h, u, name, &o)
		if err != nil {
			return o, err
		}
		if len(ru.bad) > 0 {
			problems = append(problems, name+" starts a shell without sulogin")
		}
		if ru.forced != nil {
			problems = append(problems, name+" forces a shell when root is locked")
		}
		found.units = append(found.units, ru)
	}
	if len(seen) == 0 {
		o.NotApplicable = "neither rescue.service nor emergency.service exists"
		return o, nil
	}
	if err := found.accounts(h, &o); err != nil {
		return o, err
	}
	if found.shadow != nil || found.passwd != nil {
		problems = append(problems, "root's password is empty")
	}
	var err error
	if found.sulogin, err = findSulogin(h); err != nil {
		return o, err
	}
	o.Persisted, o.Message = "asks", "the shells ask for root's password, and a locked root gets none"
	if len(problems) > 0 {
		o.Persisted, o.Message = "does not ask", strings.Join(problems, "; ")
	}
	o.State = found
	return o, nil
}

func lookRescue(h host.Files, u *unitfile.Unit, name string, o *rule.Observation) (rescueUnit, error) {
	ru := rescueUnit{name: name}
	vars, err := unitfile.Environment(h, u)
	if err != nil {
		return ru, err
	}
	starts := u.List("Service", "ExecStart")
	asks := false
	for _, a := range starts {
		cmds, err := unitfile.Commands([]unitfile.Assignment{a}, vars)
		if err != nil {
			return ru, err
		}
		ok := len(cmds) > 0
		for _, c := range cmds {
			ok = ok && isSulogin(c)
		}
		if ok {
			asks = true
		} else {
			ru.bad = append(ru.bad, a)
		}
		o.Sources = append(o.Sources, rule.Source{Path: a.Path, Line: a.Line, Text: a.Text(), Wins: true})
	}
	if len(starts) == 0 {
		return ru, fmt.Errorf("cannot tell what %s starts: %s and its drop-ins have no ExecStart=", name, u.Fragment)
	}
	for _, v := range vars {
		if v.Name == "SYSTEMD_SULOGIN_FORCE" && asks && isTrue(v.Value) {
			ru.forced = &v
			o.Sources = append(o.Sources, rule.Source{Path: v.From.Path, Line: v.From.Line, Text: "SYSTEMD_SULOGIN_FORCE=" + v.Value, Wins: true})
		}
	}
	return ru, nil
}

func isTrue(s string) bool {
	switch strings.ToLower(s) {
	case "1", "yes", "y", "true", "t", "on":
		return true
	}
	return false
}

// isSulogin reports whether a command asks for the password: sulogin, systemd's wrapper for it, or
// the line that systemd had before the wrapper, /bin/sh -c "/sbin/sulogin; ...".
func isSulogin(c unitfile.Command) bool {
	var words []string
	for _, w := range c.Words {
		words = append(words, w.Text)
	}
	switch base := path.Base(words[0]); {
	case base == "systemd-sulogin-shell":
		return true
	case base == "sulogin":
		return !forces(words[1:])
	case (base == "sh" || base == "bash") && len(words) == 3 && words[1] == "-c":
		first, _, _ := strings.Cut(words[2], ";")
		inner := strings.Fields(first)
		return len(inner) > 0 && path.Base(inner[0]) == "sulogin" && !strings.ContainsAny(first, "|&<>$`()") && !forces(inner[1:]) && calmTail(words[2])
	}
	return false
}

// forces reports whether sulogin is told to give a shell when root is locked.
func forces(args []string) bool {
	return slices.ContainsFunc(args, func(a string) bool {
		return a == "--force" || strings.HasPrefix(a, "-") && !strings.HasPrefix(a, "--") && strings.Contains(a, "e")
	})
}

// calmTail reports whether what follows sulogin in a command line only goes on with the boot.
func calmTail(line string) bool {
	_, rest, _ := strings.Cut(line, ";")
	rest = strings.TrimSpace(rest)
	if rest == "" {
		return true
	}
	words := strings.Fields(rest)
	return path.Base(words[0]) == "systemctl" && !strings.ContainsAny(rest, ";|&<>$`()")
}

// accounts looks at root's password in shadow and passwd. It keeps the line for Diff and shows none.
func (r *rescueFound) accounts(h host.Files, o *rule.Observation) error {
	shadowed := true
	for _, file := range []string{"/etc/passwd", "/etc/shadow"} {
		content, err := h.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) && (file == "/etc/passwd" || !shadowed) {
			continue
		}
		if err != nil {
			return fmt.Errorf("cannot read %s: %w", file, err)
		}
		for i, line := range strings.Split(string(content), "\n") {
			fields := strings.Split(line, ":")
			if fields[0] != "root" || len(fields) < 2 {
				continue
			}
			if file == "/etc/passwd" {
				shadowed = fields[1] == "x"
			}
			if fields[1] == "" {
				l := &accountLine{i + 1, line}
				if file == "/etc/shadow" {
					r.shadow = l
				} else {
					r.passwd = l
				}
				o.Sources = append(o.Sources, rule.Source{Path: file, Line: i + 1, Wins: true})
			}
			break
		}
	}
	return nil
}

func findSulogin(h host.Files) (string, error) {
	for _, c := range []string{"/usr/lib/systemd/systemd-sulogin-shell", "/lib/systemd/systemd-sulogin-shell", "/usr/sbin/sulogin", "/sbin/sulogin"} {
		_, err := h.Stat(c)
		if err == nil {
			return c, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("cannot read %s: %w", c, err)
		}
	}
	return "", nil
}

func (r rescueShell) Diff(o rule.Observation) []rule.Change {
	found := o.State.(rescueFound)
	var changes []rule.Change
	for _, u := range found.units {
		changes = append(changes, u.fix(found.sulogin)...)
	}
	if s := found.shadow; s != nil {
		// An empty password becomes one that nothing matches; the other lines stay out of sight.
		changes = append(changes, rule.EditFile{Path: "/etc/shadow", Secret: true, Edits: []rule.Edit{{
			Op: rule.SetField, Field: accounts.PasswordField, Line: s.line, Old: s.text, New: []string{"!"},
		}}})
	}
	if p := found.passwd; p != nil {
		changes = append(changes, rule.EditFile{Path: "/etc/passwd", Edits: []rule.Edit{{
			Op: rule.SetField, Field: accounts.PasswordField, Line: p.line, Old: p.text, New: []string{"x"},
		}}})
	}
	return changes
}

var sulogForce = regexp.MustCompile(`SYSTEMD_SULOGIN_FORCE=[A-Za-z0-9]*`)

func (u rescueUnit) fix(sulogin string) []rule.Change {
	var changes []rule.Change
	if len(u.bad) > 0 {
		changes = append(changes, u.fixStart(sulogin))
	}
	if f := u.forced; f != nil {
		from := f.From
		if !strings.HasPrefix(from.Path, "/etc/") {
			changes = append(changes, u.dropIn("Environment=SYSTEMD_SULOGIN_FORCE=0"))
			return changes
		}
		edit := rule.EditFile{Path: from.Path}
		for i, line := range from.Raw {
			if fixed := sulogForce.ReplaceAllString(line, "SYSTEMD_SULOGIN_FORCE=0"); fixed != line {
				edit.Edits = append(edit.Edits, rule.Edit{Op: rule.ReplaceLine, Line: from.Line + i, Old: line, New: []string{fixed}})
			}
		}
		if len(edit.Edits) == 0 {
			return append(changes, rule.Unfixable{Subject: u.name, Reason: "SYSTEMD_SULOGIN_FORCE is set in a way that cannot be edited", Of: rule.Persisted})
		}
		changes = append(changes, edit)
	}
	return changes
}

func (u rescueUnit) dropIn(lines ...string) rule.Change {
	return rule.EditFile{
		Path:   path.Join(unitfile.PersistentDir, u.name+".d", "60-harden.conf"),
		Create: rule.Attr{Mode: 0o644},
		Header: Header,
		Edits:  []rule.Edit{{Op: rule.Append, Section: "[Service]", New: lines}},
	}
}

// fixStart corrects the administrator's line where it stands, or overrides a package's.
func (u rescueUnit) fixStart(sulogin string) rule.Change {
	if sulogin == "" {
		return rule.Unfixable{Subject: u.name, Reason: "no sulogin is installed", Of: rule.Persisted}
	}
	command := "ExecStart=-" + sulogin
	if path.Base(sulogin) == "systemd-sulogin-shell" {
		command += " " + strings.TrimSuffix(u.name, ".service")
	}
	first := u.bad[0]
	if !strings.HasPrefix(first.Path, "/etc/") {
		return u.dropIn("ExecStart=", command)
	}
	edit := rule.EditFile{Path: first.Path, Edits: replaceLines(first.Line, first.Raw, command)}
	for _, a := range u.bad[1:] {
		if a.Path != first.Path {
			return u.dropIn("ExecStart=", command)
		}
		for i, old := range a.Raw {
			edit.Edits = append(edit.Edits, rule.Edit{Op: rule.DeleteLine, Line: a.Line + i, Old: old})
		}
	}
	return edit
}
