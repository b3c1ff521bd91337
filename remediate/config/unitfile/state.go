package unitfile

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// State is what systemctl is-enabled prints for a unit.
type State string

const (
	Enabled        State = "enabled"
	EnabledRuntime State = "enabled-runtime"
	Linked         State = "linked"
	LinkedRuntime  State = "linked-runtime"
	Alias          State = "alias"
	Masked         State = "masked"
	MaskedRuntime  State = "masked-runtime"
	Static         State = "static"
	Disabled       State = "disabled"
	Indirect       State = "indirect"
	Generated      State = "generated" // from an init script
	NotFound       State = "not-found"
)

// Status is all that files say about whether a unit starts.
type Status struct {
	Name  string // canonical
	Asked string
	State State
	Path  string // of the unit file, or of the link that masks
	// HasInstall says that the unit has an [Install] section that enabling can follow.
	HasInstall bool
	// Wants lists the .wants, .requires and .upholds links that pull the unit in, in any directory.
	Wants []string
}

// install is what [Install] says.
type install struct {
	aliases, wantedBy, also []string
	instance                string
}

// Look finds what systemctl is-enabled says of a unit, and the links that pull it in.
func Look(f host.Files, name string) (Status, error) {
	st := Status{Asked: name, Name: name, State: NotFound}
	frag, err := find(f, name)
	if errors.Is(err, ErrNotFound) {
		return initScript(f, st)
	}
	if err != nil {
		return st, err
	}
	st.Name, st.Path = frag.name, frag.path
	if frag.masked {
		st.State = Masked
		if isRuntime(frag.path) {
			st.State = MaskedRuntime
		}
		return st, nil
	}
	in, err := readInstall(f, frag)
	if err != nil {
		return st, err
	}
	st.HasInstall = len(in.aliases)+len(in.wantedBy) > 0
	links, err := links(f)
	if err != nil {
		return st, err
	}
	st.Wants = pulls(links, st.Name, in)

	if path.Base(frag.path) != name && Instance(frag.name) == "" {
		st.State = Alias
		return st, nil
	}
	st.State = scope(links, frag, in, true)
	if st.State == "" {
		switch {
		case scope(links, frag, in, false) != "":
			// Linked under a name that [Install] does not give: perhaps in use.
			st.State = Indirect
		case st.HasInstall:
			st.State = Disabled
		case len(in.also) > 0:
			st.State = Indirect
		default:
			st.State = Static
		}
	}
	return st, nil
}

// readInstall reads [Install], which systemctl takes from the unit file and its drop-ins.
func readInstall(f host.Files, frag fragment) (install, error) {
	u := &Unit{}
	if err := u.read(f, frag.path); err != nil {
		return install{}, err
	}
	drops, err := dropIns(f, []string{frag.name})
	if err != nil {
		return install{}, err
	}
	for _, d := range drops {
		if err := u.read(f, d); err != nil {
			return install{}, err
		}
	}
	var in install
	words := func(key string) []string {
		var list []string
		for _, a := range u.List("Install", key) {
			for _, w := range strings.Fields(a.Value) {
				list = append(list, expandName(w, frag.name))
			}
		}
		return list
	}
	in.aliases = words("Alias")
	in.wantedBy = slices.Concat(words("WantedBy"), words("RequiredBy"), words("UpheldBy"))
	in.also = words("Also")
	if a, ok := u.Last("Install", "DefaultInstance"); ok {
		in.instance = a.Value
	}
	return in, nil
}

// expandName expands the specifiers of [Install] that are about the unit's own name.
func expandName(s, unit string) string {
	stem := strings.TrimSuffix(unit, suffix(unit))
	prefix, _, _ := strings.Cut(stem, "@")
	return strings.NewReplacer("%%", "%", "%i", Instance(unit), "%p", prefix, "%n", unit, "%N", stem).Replace(s)
}

// link is one symbolic link of the search path.
type link struct {
	dir    string // directory of the search path
	sub    string // "multi-user.target.wants", or "" for a link in the directory itself
	name   string
	target string
}

// links lists the links of all directories in order.
func links(f host.Files) ([]link, error) {
	return host.Once(f, linksKey{}, func() ([]link, error) { return readLinks(f) })
}

type linksKey struct{}

func readLinks(f host.Files) ([]link, error) {
	dirs, err := searchPath(f)
	if err != nil {
		return nil, err
	}
	var list []link
	read := func(dir, sub string) error {
		d := path.Join(dir, sub)
		entries, err := f.ReadDir(d)
		if absent(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("cannot read %s: %w", d, err)
		}
		for _, e := range entries {
			if e.Type() != fs.ModeSymlink {
				continue
			}
			target, err := f.Readlink(path.Join(d, e.Name()))
			if absent(err) {
				continue
			}
			if err != nil {
				return fmt.Errorf("cannot read %s: %w", path.Join(d, e.Name()), err)
			}
			list = append(list, link{dir, sub, e.Name(), target})
		}
		return nil
	}
	for _, dir := range dirs {
		entries, err := f.ReadDir(dir)
		if err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", dir, err)
		}
		for _, e := range entries {
			if e.IsDir() && slices.Contains([]string{".wants", ".requires", ".upholds"}, path.Ext(e.Name())) {
				if err := read(dir, e.Name()); err != nil {
					return nil, err
				}
			}
		}
		if err := read(dir, ""); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func isRuntime(p string) bool { return strings.HasPrefix(p, "/run/") }

func isPersistent(dir string) bool { return dir == PersistentDir }

// scope looks for links that make a unit enabled: in the persistent directory, else in a runtime one.
// With known, only links of names that enabling would make count.
func scope(links []link, frag fragment, in install, known bool) State {
	var runtime, anywhere, sameConfig, sameRuntime bool
	own := slices.IndexFunc(SearchPath(), func(d string) bool { return strings.HasPrefix(frag.path, d+"/") })
	for _, l := range links {
		dir := l.dir
		below := own >= 0 && slices.Index(SearchPath(), dir) > own // weaker than the unit file's own
		hit, same := l.enables(frag.name, in, below, known)
		switch {
		case same && isPersistent(dir):
			sameConfig = true
		case same && isRuntime(dir):
			sameRuntime = true
		case hit && isPersistent(dir):
			return Enabled
		case hit && isRuntime(dir):
			runtime = true
		case hit:
			anywhere = true
		}
	}
	switch {
	case runtime:
		return EnabledRuntime
	case anywhere && Instance(frag.name) != "":
		return Static
	case sameConfig:
		return Linked
	case sameRuntime:
		return LinkedRuntime
	}
	return ""
}

// enables reports whether a link enables a unit, or is a link of the unit's own name to itself.
func (l link) enables(unit string, in install, below, known bool) (hit, same bool) {
	byName := (l.sub != "" || !below) && l.name == unit
	byDest := false
	if l.sub != "" {
		byDest = Template(l.name) == unit
	} else {
		byDest = path.Base(l.target) == unit
	}
	if l.sub == "" && byName && byDest {
		return false, true
	}
	if !byName && !byDest {
		return false, false
	}
	if !known {
		return true, false
	}
	hit = l.name == unit || slices.Contains(in.aliases, l.name) ||
		in.instance != "" && IsTemplate(unit) && l.name == strings.Replace(unit, "@.", "@"+in.instance+".", 1)
	return hit, false
}

// pulls lists the links that make systemd start a unit: those of its name or of an alias, unless a
// stronger directory masks the same link.
func pulls(links []link, unit string, in install) []string {
	names := append([]string{unit}, in.aliases...)
	for _, l := range links {
		if l.sub == "" && path.Base(l.target) == unit && !slices.Contains(names, l.name) {
			names = append(names, l.name)
		}
	}
	var list, decided []string
	for _, l := range links {
		if l.sub == "" || !slices.Contains(names, l.name) && !(IsTemplate(unit) && Template(l.name) == unit) {
			continue
		}
		key := l.sub + "/" + l.name
		if slices.Contains(decided, key) {
			continue
		}
		decided = append(decided, key)
		if l.target != "/dev/null" {
			list = append(list, path.Join(l.dir, l.sub, l.name))
		}
	}
	return list
}

// initScript looks for the script that systemd-sysv-generator(8) makes a service of where there is no
// unit file, and for the links of run levels 2 to 5 that start it.
func initScript(f host.Files, st Status) (Status, error) {
	stem, ok := strings.CutSuffix(st.Name, ".service")
	script := path.Join("/etc/init.d", stem)
	if !ok {
		return st, nil
	}
	info, err := f.Stat(script)
	if absent(err) || err == nil && (!info.Mode.IsRegular() || info.Mode&0o100 == 0) {
		return st, nil
	}
	if err != nil {
		return st, fmt.Errorf("cannot read %s: %w", script, err)
	}
	st.State, st.Path = Generated, script
	for level := '2'; level <= '5'; level++ {
		dir := "/etc/rc" + string(level) + ".d"
		entries, err := f.ReadDir(dir)
		if absent(err) {
			continue
		}
		if err != nil {
			return st, fmt.Errorf("cannot read %s: %w", dir, err)
		}
		for _, e := range entries {
			if n := e.Name(); len(n) > 3 && n[0] == 'S' && n[3:] == stem {
				st.Wants = append(st.Wants, path.Join(dir, n))
			}
		}
	}
	return st, nil
}
