package resource

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/grub"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

const grubScript = grub.Scripts + "/01_harden"

// grubPasswordKind: the boot loader's menu and shell ask for a password, and booting does not.
func grubPasswordKind() Kind { return Kind{Name: "grub_password", New: newGrubPassword} }

type grubPassword struct {
	label string
	user  string
}

var grubUser = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

func newGrubPassword(name string, decode Decode) (Resource, error) {
	var body struct {
		Superuser string `hcl:"superuser"`
		Entries   string `hcl:"entries"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	switch {
	case !grubUser.MatchString(body.Superuser):
		return nil, fmt.Errorf("%q is not a name for a superuser", body.Superuser)
	case body.Entries != "unrestricted":
		// Entries that ask would stop an unattended boot.
		return nil, fmt.Errorf("entries is %q, and must be \"unrestricted\"", body.Entries)
	}
	return grubPassword{name, body.Superuser}, nil
}

func (r grubPassword) Ref() rule.Ref { return rule.Ref{Kind: "grub_password", Name: r.label} }

type grubPasswordFound struct {
	config     *grub.Config
	password   bool         // a superuser has a hashed password
	plain      []int        // lines with a superuser's password that is not hashed
	restricted []grub.Entry // entries that boot, and would ask
	script     bool         // the generator's scripts set a password
	generator  bool
	edits      []sourceEdit // of scripts that write entries
}

// sourceEdit is a line of a generator's script that writes entries that would ask.
type sourceEdit struct {
	path      string
	line      int
	text, new string
}

func (r grubPassword) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: "a superuser with a hashed password, and entries that boot without it"}
	path, err := grub.Find(h)
	if err != nil {
		return o, err
	}
	if path == "" {
		o.NotApplicable = "there is no grub.cfg"
		return o, nil
	}
	found := grubPasswordFound{}
	if found.config, err = grub.Load(h, path); err != nil {
		return o, err
	}
	if found.config.Blscfg && len(found.config.Kernels) == 0 {
		return o, fmt.Errorf("cannot tell what boots: %s leaves its entries to files of the Boot Loader Specification", path)
	}
	found.look()
	scripts, err := grub.LoadScripts(h)
	if err != nil {
		return o, err
	}
	found.generator = len(scripts) > 0
	for _, s := range scripts {
		found.lookAtScript(s)
	}
	r.describe(&o, found)
	o.State = found
	return o, nil
}

func (f *grubPasswordFound) look() {
	for _, p := range f.config.Passwords {
		if !slices.Contains(f.config.Superusers, p.User) {
			continue
		}
		if p.Hashed {
			f.password = true
		} else {
			f.plain = append(f.plain, p.Line)
		}
	}
	for _, e := range f.config.Entries {
		if e.Boots && !e.Unrestricted {
			f.restricted = append(f.restricted, e)
		}
	}
}

var (
	scriptUsers    = regexp.MustCompile(`^\s*(set\s+)?superusers=`)
	scriptPassword = regexp.MustCompile(`^\s*password_pbkdf2\s+\S+\s+(.+?)\s*$`)
	scriptClass    = regexp.MustCompile(`^(CLASS="[^"$]*)"\s*$`)
	scriptSubmenu  = regexp.MustCompile(`(echo\s+"submenu .*) (\\?\$\{?menuentry_id_option)`)
)

func (f *grubPasswordFound) lookAtScript(s grub.Script) {
	users, password := false, false
	for i, line := range s.Lines {
		users = users || scriptUsers.MatchString(line)
		if m := scriptPassword.FindStringSubmatch(line); m != nil && grub.IsHash(m[1]) {
			password = true
		}
		// Other scripts write entries of other systems, which may ask.
		if !strings.HasSuffix(s.Path, "/10_linux") || strings.Contains(line, "--unrestricted") {
			continue
		}
		switch {
		case scriptClass.MatchString(line):
			f.edits = append(f.edits, sourceEdit{s.Path, i + 1, line, scriptClass.ReplaceAllString(line, `${1} --unrestricted"`)})
		case scriptSubmenu.MatchString(line):
			f.edits = append(f.edits, sourceEdit{s.Path, i + 1, line, scriptSubmenu.ReplaceAllString(line, "${1} --unrestricted ${2}")})
		}
	}
	f.script = f.script || users && password
}

func (r grubPassword) describe(o *rule.Observation, f grubPasswordFound) {
	var why []string
	switch {
	case len(f.config.Superusers) == 0:
		o.Persisted = "no superuser"
		why = append(why, f.config.Path+" sets no superuser: everybody at the console may edit the kernel's arguments")
	case !f.password:
		o.Persisted = "superuser " + strings.Join(f.config.Superusers, ", ") + " without a hashed password"
		why = append(why, fmt.Sprintf("%s:%d names superusers, and none has a hashed password", f.config.Path, f.config.SuperusersLine))
	default:
		o.Persisted = "superuser " + strings.Join(f.config.Superusers, ", ") + " with a hashed password"
	}
	if f.config.SuperusersLine > 0 {
		o.Sources = append(o.Sources, rule.Source{Path: f.config.Path, Line: f.config.SuperusersLine, Text: "superusers", Wins: true})
	}
	for _, p := range f.config.Passwords {
		o.Sources = append(o.Sources, rule.Source{Path: f.config.Path, Line: p.Line, Text: "password of " + p.User, Wins: p.Hashed})
	}
	for _, line := range f.plain {
		why = append(why, fmt.Sprintf("%s:%d holds a superuser's password in clear", f.config.Path, line))
	}
	if len(f.restricted) > 0 {
		o.Persisted += fmt.Sprintf(", %d entries that ask", len(f.restricted))
		for _, e := range f.restricted {
			o.Sources = append(o.Sources, rule.Source{Path: f.config.Path, Line: e.Line, Text: strings.TrimSpace(e.Text), Wins: true})
		}
		if len(f.config.Superusers) > 0 {
			why = append(why, fmt.Sprintf("%s:%d: an entry would ask for the password, and an unattended boot would stop", f.config.Path, f.restricted[0].Line))
		}
	}
	if f.generator && !f.script {
		why = append(why, "no script of "+grub.Scripts+" sets the password: the next grub.cfg that is generated would have none")
	}
	for _, e := range f.edits {
		o.Sources = append(o.Sources, rule.Source{Path: e.path, Line: e.line, Text: strings.TrimSpace(e.text)})
	}
	if f.generator && len(f.edits) > 0 {
		why = append(why, fmt.Sprintf("%s:%d: entries that are generated would ask for the password", f.edits[0].path, f.edits[0].line))
	}
	o.Message = "the menu and the shell of grub ask for a password, and booting does not"
	if len(why) > 0 {
		o.Message = strings.Join(why, "; ")
	}
}

func (r grubPassword) Diff(o rule.Observation) []rule.Change {
	f := o.State.(grubPasswordFound)
	for _, line := range f.plain {
		return []rule.Change{rule.Unfixable{Subject: fmt.Sprintf("%s:%d", f.config.Path, line), Reason: "somebody set this password, and it cannot be replaced by one that nobody knows", Of: rule.Persisted}}
	}
	if len(f.config.Superusers) > 0 && !f.password {
		return []rule.Change{rule.Unfixable{Subject: fmt.Sprintf("%s:%d", f.config.Path, f.config.SuperusersLine), Reason: "somebody named these superusers, and a password that nobody knows is not theirs", Of: rule.Persisted}}
	}
	lines := []string{`set superusers="` + r.user + `"`, "export superusers", "password_pbkdf2 " + r.user + " " + rule.GrubPassword}
	var changes []rule.Change
	config := rule.EditFile{Path: f.config.Path, Secret: grub.HoldsSecret([]byte(strings.Join(f.config.Lines, "\n")))}
	if !f.password {
		config.Edits = append(config.Edits, rule.Edit{Op: rule.InsertBefore, Line: 1, New: lines})
	}
	for _, e := range f.restricted {
		text, err := grubUnrestricted(e.Text)
		if err != nil {
			return []rule.Change{rule.Unfixable{Subject: fmt.Sprintf("%s:%d", f.config.Path, e.Line), Reason: err.Error(), Of: rule.Persisted}}
		}
		config.Edits = append(config.Edits, rule.Edit{Op: rule.ReplaceLine, Line: e.Line, Old: e.Text, New: []string{text}})
	}
	if len(config.Edits) > 0 {
		changes = append(changes, config)
	}
	if !f.generator {
		return changes
	}
	if !f.script {
		content := slices.Concat([]string{"#!/bin/sh"}, Header, []string{"cat <<'END'"}, lines, []string{"END", ""})
		changes = append(changes, rule.WriteFile{Path: grubScript, Content: []byte(strings.Join(content, "\n")), Create: rule.Attr{Mode: 0o700}})
	}
	for _, e := range f.edits {
		changes = append(changes, rule.EditFile{Path: e.path, Create: rule.Attr{Mode: 0o755}, Edits: []rule.Edit{{Op: rule.ReplaceLine, Line: e.line, Old: e.text, New: []string{e.new}}}})
	}
	return changes
}

// grubUnrestricted puts the option before the brace that opens the entry.
func grubUnrestricted(line string) (string, error) {
	head := strings.TrimRight(line, " \t")
	if !strings.HasSuffix(head, "{") {
		return "", errors.New("the entry's line does not end in a brace")
	}
	return strings.TrimRight(strings.TrimSuffix(head, "{"), " \t") + " --unrestricted {", nil
}
