package resource

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/keyvalue"
	"github.com/nodeimage/packer-plugin-harden/remediate/config/pam"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// moduleArg is an argument in a PAM stack that overrides a module's file.
type moduleArg struct {
	path      string
	line      int
	text      string
	continued bool
	arg       string
}

// moduleOf names the PAM module that reads a file; its arguments win over the file.
func moduleOf(f keyvalue.Format) string {
	switch f.Name {
	case "pwquality":
		return "pam_pwquality.so"
	case "faillock":
		return "pam_faillock.so"
	}
	return ""
}

func moduleInstalled(h host.Reader, module string) bool {
	return pam.FindModules(h).Path(module) != ""
}

// arguments lists those of the module that give the setting another value, in any service. A module
// that is told to read another file counts as well.
func (k keyValue) arguments(h host.Reader) ([]moduleArg, error) {
	module := moduleOf(k.format)
	if module == "" {
		return nil, nil
	}
	services, err := pam.Services(h, maxServices)
	if err != nil {
		return nil, err
	}
	var out []moduleArg
	for _, name := range services {
		s, err := pam.Load(h, dialectOf(h), name)
		if err != nil {
			return nil, err
		}
		for _, t := range pam.Types() {
			for _, line := range s.Stacks[t] {
				if pam.Base(line.Module) != module || line.Substack {
					continue
				}
				for _, arg := range line.Args {
					if !k.overrides(arg) {
						continue
					}
					a := moduleArg{path: line.Path, line: line.Line, text: strings.Join(line.Raw, "\n"), continued: len(line.Raw) != 1, arg: arg}
					if !slices.Contains(out, a) {
						out = append(out, a)
					}
				}
			}
		}
	}
	return out, nil
}

func (k keyValue) overrides(arg string) bool {
	key, value, has := strings.Cut(arg, "=")
	if key == "conf" && has && k.format.Name == "faillock" {
		return value != k.file
	}
	same := key == k.key || k.format.Folded && strings.EqualFold(key, k.key)
	return same && !k.right(value, !has)
}

// change puts the wanted value into the argument.
func (a moduleArg) change(k keyValue) rule.Change {
	subject := fmt.Sprintf("%s:%d", a.path, a.line)
	switch {
	case strings.HasPrefix(a.arg, "conf="):
		return rule.Unfixable{Subject: subject, Reason: "the module is told to read another file", Of: rule.Persisted}
	case a.continued || strings.Count(a.text, a.arg) != 1:
		return rule.Unfixable{Subject: subject, Reason: "the argument " + a.arg + " cannot be told apart in its line", Of: rule.Persisted}
	}
	with := ""
	if k.present == nil {
		key, _, _ := strings.Cut(a.arg, "=")
		with = key + "=" + k.target()
	}
	text := strings.Replace(a.text, a.arg, with, 1)
	if with == "" {
		text = strings.TrimRight(strings.Replace(a.text, " "+a.arg, "", 1), " \t")
	}
	return rule.EditFile{Path: a.path, Edits: []rule.Edit{{Op: rule.ReplaceLine, Line: a.line, Old: a.text, New: []string{text}}}}
}
