package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/accounts"
	"github.com/nodeimage/packer-plugin-harden/remediate/config/keyvalue"
	"github.com/nodeimage/packer-plugin-harden/remediate/config/shell"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// rootPathKind is the search path that root's logins end up with: nobody else may put a program there.
func rootPathKind() Kind { return Kind{Name: "root_path", New: newRootPath} }

type rootPath struct {
	name  string
	exist bool
}

func newRootPath(name string, decode Decode) (Resource, error) {
	var body struct {
		Exist bool `hcl:"exist,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	return rootPath{name: name, exist: body.Exist}, nil
}

func (r rootPath) Ref() rule.Ref { return rule.Ref{Kind: "root_path", Name: r.name} }

const environmentFile = "/etc/environment"

// builtInRootPath is what login(1) gives root where nothing says anything else.
const builtInRootPath = "/sbin:/bin:/usr/sbin:/usr/bin"

// rootPathValue is a search path that a login of root may have, and the lines that may have made it.
type rootPathValue struct {
	text    string
	unknown string // why it cannot be told
	from    shell.Place
	places  []shell.Place
}

// rootPathFlaw is a bad entry of a search path.
type rootPathFlaw struct {
	entry  string
	what   string
	remove bool // the entry has to go; otherwise the directory is to change
	change rule.Change
	stuck  string
	places []shell.Place
}

func (r rootPath) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: "root's search path names absolute directories only, which belong to root and which others cannot write to"}
	if r.exist {
		o.Expected += "; all of them exist"
	}
	values, err := rootPathValues(h)
	if err != nil {
		return o, err
	}
	flaws, unknown, err := r.flaws(h, values)
	if err != nil {
		return o, err
	}
	var texts []string
	for _, v := range values {
		if v.unknown == "" && !slices.Contains(texts, v.text) {
			texts = append(texts, v.text)
		}
		for _, p := range v.places {
			s := rule.Source{Path: p.Path, Line: p.Line, Text: p.Text, Wins: p == v.from}
			if i := slices.IndexFunc(o.Sources, func(x rule.Source) bool { return x.Path == s.Path && x.Line == s.Line }); i >= 0 {
				o.Sources[i].Wins = o.Sources[i].Wins || s.Wins
			} else if p.Path != "" {
				o.Sources = append(o.Sources, s)
			}
		}
	}
	o.Persisted = strings.Join(texts, " or ")
	if len(flaws) == 0 {
		if len(unknown) > 0 {
			o.NotObservable = "what root's search path comes to can only be told by running the startup files: " + strings.Join(unknown, "; ")
			return o, nil
		}
		o.Message = "every directory of root's search path is safe"
		return o, nil
	}
	var what []string
	for _, f := range flaws {
		what = append(what, f.what)
	}
	o.Message = strings.Join(what, "; ")
	changes, err := r.changes(h, flaws)
	o.State = changes
	return o, err
}

func (r rootPath) Diff(o rule.Observation) []rule.Change {
	changes, _ := o.State.([]rule.Change)
	return changes
}

// rootPathValues follows root's startup files from each search path that a login may begin with.
func rootPathValues(h host.Reader) ([]rootPathValue, error) {
	home, err := rootHome(h)
	if err != nil {
		return nil, err
	}
	bases, err := rootPathBases(h)
	if err != nil {
		return nil, err
	}
	var out []rootPathValue
	for _, base := range bases {
		options := func(shell.Kind) shell.Options {
			return shell.Options{Mask: inheritedMask, Root: true, Inherited: map[string]string{"PATH": base.text}}
		}
		err := startups(h, []string{home}, options, func(_ shell.Kind, result shell.Result) {
			for _, v := range result.Variable("PATH") {
				value := rootPathValue{text: v.Text, from: v.From, places: slices.Concat(base.places, result.VariablePlaces("PATH"))}
				switch {
				case v.From.Path == "":
					value.from = base.from
				case !v.Known:
					value.unknown = fmt.Sprintf("%s: %s", v.From, v.Why)
				}
				if !slices.ContainsFunc(out, func(x rootPathValue) bool {
					return x.text == value.text && x.unknown == value.unknown && x.from == value.from && slices.Equal(x.places, value.places)
				}) {
					out = append(out, value)
				}
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func rootHome(h host.Files) (string, error) {
	db, err := accounts.Read(h)
	if err != nil {
		return "", err
	}
	if root, ok := db.User("root"); ok && path.IsAbs(root.Home) {
		return path.Clean(root.Home), nil
	}
	return "/root", nil
}

var environmentPath = regexp.MustCompile(`^\s*(?:export\s+)?PATH=(.*)$`)

// rootPathBases lists what root's shells may be started with: PATH of /etc/environment, which pam_env
// reads, and ENV_SUPATH of login.defs, which login and su take.
func rootPathBases(h host.Files) ([]rootPathValue, error) {
	var out []rootPathValue
	content, err := h.ReadFile(environmentFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read root's search path: %w", err)
	}
	var environment *rootPathValue
	for i, line := range strings.Split(string(content), "\n") {
		code, _, _ := strings.Cut(line, "#")
		if m := environmentPath.FindStringSubmatch(strings.TrimRight(code, " \t\r")); m != nil {
			place := shell.Place{Path: environmentFile, Line: i + 1, Text: line}
			environment = &rootPathValue{text: unquotePath(m[1]), from: place, places: []shell.Place{place}}
		}
	}
	if environment != nil {
		out = append(out, *environment)
	}
	defs, err := keyvalue.Read(h, loginDefs)
	if err != nil {
		return nil, err
	}
	if e, ok := defs.Last("ENV_SUPATH"); ok {
		place := shell.Place{Path: e.Path, Line: e.Line, Text: e.Text}
		out = append(out, rootPathValue{text: strings.TrimPrefix(e.Value, "PATH="), from: place, places: []shell.Place{place}})
	}
	if len(out) == 0 {
		out = append(out, rootPathValue{text: builtInRootPath})
	}
	return out, nil
}

func unquotePath(s string) string {
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}

// flaws judges every entry of the search paths, each once.
func (r rootPath) flaws(h host.Files, values []rootPathValue) (flaws []rootPathFlaw, unknown []string, err error) {
	for _, v := range values {
		if v.unknown != "" {
			if !slices.Contains(unknown, v.unknown) {
				unknown = append(unknown, v.unknown)
			}
			continue
		}
		for _, entry := range strings.Split(v.text, ":") {
			i := slices.IndexFunc(flaws, func(f rootPathFlaw) bool { return f.entry == entry })
			if i >= 0 {
				for _, p := range v.places {
					if !slices.Contains(flaws[i].places, p) {
						flaws[i].places = append(slices.Clip(flaws[i].places), p)
					}
				}
				continue
			}
			f, bad, err := r.judge(h, entry)
			if err != nil {
				return nil, nil, err
			}
			if bad {
				f.entry, f.places = entry, v.places
				flaws = append(flaws, f)
			}
		}
	}
	return flaws, unknown, nil
}

func (r rootPath) judge(h host.Files, entry string) (f rootPathFlaw, bad bool, err error) {
	if entry == "" {
		return rootPathFlaw{what: "an empty entry stands for the current directory", remove: true}, true, nil
	}
	if !path.IsAbs(entry) {
		return rootPathFlaw{what: strconv.Quote(entry) + " depends on the current directory", remove: true}, true, nil
	}
	info, err := h.Stat(entry)
	switch {
	case noSuchPath(err):
		return rootPathFlaw{what: entry + " does not exist", remove: true}, r.exist, nil
	case err != nil:
		return f, false, fmt.Errorf("cannot look at %s: %w", entry, err)
	case !info.Mode.IsDir():
		return rootPathFlaw{what: entry + " is no directory", remove: true}, true, nil
	case info.UID != 0:
		return rootPathFlaw{what: fmt.Sprintf("%s belongs to user %d", entry, info.UID), stuck: "whether the directory or its place in the search path is wrong is for a person to say"}, true, nil
	}
	if mode := info.Mode & modeBits &^ 0o022; mode != info.Mode&modeBits {
		return rootPathFlaw{what: fmt.Sprintf("%s has mode %s", entry, octal(info.Mode)), change: rule.SetAttr{Path: entry, Mode: &mode}}, true, nil
	}
	return f, false, nil
}

// changes takes bad entries out of the lines that name them, and looks whether that was enough.
func (r rootPath) changes(h host.Reader, flaws []rootPathFlaw) ([]rule.Change, error) {
	var changes []rule.Change
	var gone []string
	var places []shell.Place
	for _, f := range flaws {
		switch {
		case f.stuck != "":
			changes = append(changes, rule.Unfixable{Subject: f.entry, Reason: f.stuck, Of: rule.Persisted})
		case f.change != nil:
			changes = append(changes, f.change)
		default:
			gone = append(gone, f.entry)
			for _, p := range f.places {
				if p.Path != "" && !slices.Contains(places, p) {
					places = append(places, p)
				}
			}
		}
	}
	if len(gone) == 0 {
		return changes, nil
	}
	var edits []rule.EditFile
	for _, p := range places {
		if line := withoutEntries(p.Text, gone); line != p.Text {
			edits = addEdit(edits, p.Path, rule.Edit{Op: rule.ReplaceLine, Line: p.Line, Old: p.Text, New: []string{line}})
		}
	}
	after, err := foresee(h, edits)
	if err != nil {
		return nil, err
	}
	values, err := rootPathValues(after)
	if err != nil {
		return nil, err
	}
	left, _, err := r.flaws(after, values)
	if err != nil {
		return nil, err
	}
	for _, e := range edits {
		changes = append(changes, e)
	}
	for _, f := range left {
		if f.remove {
			changes = append(changes, rule.Unfixable{Subject: strconv.Quote(f.entry) + " in root's search path", Reason: "no line was found that names it as it stands", Of: rule.Persisted})
		}
	}
	return changes, nil
}

var pathAssignment = regexp.MustCompile(`\bPATH=("[^"]*"|'[^']*'|[^\s;&|"'#]*)`)

// withoutEntries takes entries out of the search paths that a line assigns. What the line works out
// (anything with braces or a command) is left alone.
func withoutEntries(line string, gone []string) string {
	if strings.HasPrefix(strings.TrimSpace(line), "#") {
		return line
	}
	return pathAssignment.ReplaceAllStringFunc(line, func(a string) string {
		value := strings.TrimPrefix(a, "PATH=")
		quote := ""
		if value != "" && (value[0] == '"' || value[0] == '\'') {
			quote, value = value[:1], value[1:len(value)-1]
		}
		plain := strings.ReplaceAll(value, "${PATH}", "$PATH")
		if value == "" || strings.ContainsAny(plain, "{}()`\\") {
			return a
		}
		kept := slices.DeleteFunc(strings.Split(value, ":"), func(e string) bool { return slices.Contains(gone, e) })
		if len(kept) == 0 {
			return a
		}
		return "PATH=" + quote + strings.Join(kept, ":") + quote
	})
}
