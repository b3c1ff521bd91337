package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/fnmatch"
	"github.com/nodeimage/packer-plugin-harden/remediate/config/sysctl"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// sysctlKind is a kernel parameter, or one parameter of every network interface.
func sysctlKind() Kind {
	return Kind{Name: "sysctl", New: newSysctl}
}

type sysctlResource struct {
	label  string
	key    string // normalized; the interface is a star where all of them are meant
	value  string
	accept []string
}

var (
	sysctlName  = regexp.MustCompile(`^[A-Za-z0-9_:@.*-]+(/[A-Za-z0-9_:@.*-]+)+$`)
	everyLink   = regexp.MustCompile(`^net/ipv[46]/(conf|neigh)/\*/[a-z0-9_]+$`)
	sysctlValue = regexp.MustCompile(`^[!-~]+( [!-~]+)*$`)
)

func newSysctl(name string, decode Decode) (Resource, error) {
	var body struct {
		Value  string   `hcl:"value"`
		Accept []string `hcl:"accept,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	key := sysctl.Normalize(name)
	if !sysctlName.MatchString(key) || strings.HasPrefix(name, "-") {
		return nil, fmt.Errorf("%q is not a kernel parameter", name)
	}
	if fnmatch.IsPattern(key) && !everyLink.MatchString(key) {
		return nil, fmt.Errorf("%q: a star stands only for the interface, as in net.ipv4.conf.*.rp_filter", name)
	}
	r := sysctlResource{label: name, key: key, value: strings.Join(strings.Fields(body.Value), " ")}
	for _, v := range body.Accept {
		r.accept = append(r.accept, strings.Join(strings.Fields(v), " "))
	}
	for _, v := range append([]string{r.value}, r.accept...) {
		if !sysctlValue.MatchString(v) {
			return nil, fmt.Errorf("%q is not a value of a kernel parameter", v)
		}
	}
	return r, nil
}

func (r sysctlResource) Ref() rule.Ref { return rule.Ref{Kind: "sysctl", Name: r.label} }

// right reports whether a value satisfies the resource, compared the way the kernel reads it: blanks
// are one, and integers may be decimal, octal or hexadecimal.
func (r sysctlResource) right(value string) bool {
	value = strings.Join(strings.Fields(value), " ")
	for _, want := range append([]string{r.value}, r.accept...) {
		if value == want {
			return true
		}
		a, errA := sysctlInt(value)
		b, errB := sysctlInt(want)
		if errA == nil && errB == nil && a == b {
			return true
		}
	}
	return false
}

func sysctlInt(s string) (int64, error) {
	if strings.ContainsAny(s, "_oObB") && !strings.HasPrefix(strings.TrimPrefix(s, "-"), "0x") {
		return 0, strconv.ErrSyntax // Go's own notations
	}
	return strconv.ParseInt(s, 0, 64)
}

// sysctlFound is what Diff works from.
type sysctlFound struct {
	config  *sysctl.Config
	keys    []string // what must be set at boot
	every   bool     // and a pattern must cover the interfaces that are not here yet
	masked  bool     // systemd-sysctl never runs
	running []runningKey
}

type runningKey struct{ key, value string }

func (r sysctlResource) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	config, err := sysctl.Load(h, sysctlDialect(h.Info()))
	if err != nil {
		return rule.Observation{}, err
	}
	found := sysctlFound{config: config, keys: []string{r.key}}
	if found.masked, err = sysctlMasked(h); err != nil {
		return rule.Observation{}, err
	}
	running := h.Running()
	var links []string
	if r.wild() {
		found.every = config.Dialect.Globs
		found.keys = r.fixedKeys(config)
		if running != nil {
			if links, err = running.Links(); err != nil {
				return rule.Observation{}, fmt.Errorf("cannot list the network interfaces: %w", err)
			}
		}
	}
	o := rule.Observation{Expected: r.expected()}
	r.observePersisted(&o, found)
	if running != nil {
		if err := r.observeRunning(&o, &found, running, links); err != nil {
			return rule.Observation{}, err
		}
		note, err := r.runNote(h, config.Dialect)
		if err != nil {
			return rule.Observation{}, err
		}
		o.Message += note
	}
	o.State = found
	return o, nil
}

func (r sysctlResource) wild() bool { return fnmatch.IsPattern(r.key) }

func (r sysctlResource) expected() string {
	words := []string{r.value}
	words = append(words, r.accept...)
	return fmt.Sprintf("%s = %s", sysctl.Dotted(r.key), strings.Join(words, " or "))
}

// fixedKeys are the members of a per-interface family that must be right by name: the two that the
// kernel itself has, and every interface that a line singles out.
func (r sysctlResource) fixedKeys(config *sysctl.Config) []string {
	var keys []string
	for _, name := range []string{"all", "default"} {
		if name == "all" && strings.Contains(r.key, "/neigh/") {
			continue // neighbours have no such member
		}
		keys = append(keys, strings.Replace(r.key, "*", name, 1))
	}
	for _, key := range config.Keys(r.key) {
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// sysctlDialect tells what the release's systemd understands: Ubuntu 18.04 has 237, 20.04 has 245.
func sysctlDialect(info host.Info) sysctl.Dialect {
	old := info.OS == "ubuntu" && (info.Version == "16.04" || info.Version == "18.04")
	return sysctl.Dialect{Globs: !old}
}

// sysctlUnit applies sysctl.d at boot.
const sysctlUnit = "systemd-sysctl.service"

func sysctlMasked(h host.Files) (bool, error) {
	path := "/etc/systemd/system/" + sysctlUnit
	real, err := h.Resolve(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("cannot resolve %s: %w", path, err)
	}
	return real == "/dev/null", nil
}

func (r sysctlResource) observePersisted(o *rule.Observation, found sysctlFound) {
	var values, notes []string
	add := func(e sysctl.Entry, wins bool) {
		s := rule.Source{Path: e.File.Path, Line: e.Line, Text: e.Text, Wins: wins}
		if !slices.Contains(o.Sources, s) {
			o.Sources = append(o.Sources, s)
		}
	}
	for _, key := range found.keys {
		w, ok := found.config.Effective(key)
		for _, e := range found.config.Entries {
			if e.Key == key && !e.Excludes && (e.File != w.Entry.File || e.Line != w.Entry.Line) {
				add(e, false)
			}
		}
		name := ""
		if r.wild() {
			name = sysctl.Dotted(key) + " = "
		}
		switch ex, excluded := found.config.Exclusion(key); {
		case ok:
			add(w.Entry, true)
			values = append(values, name+w.Entry.Value)
			if !r.right(w.Entry.Value) {
				notes = append(notes, fmt.Sprintf("%s:%d sets %s to %s", w.Entry.File.Path, w.Entry.Line, sysctl.Dotted(w.Key), w.Entry.Value))
			}
		case excluded:
			add(ex, true)
			values = append(values, name+"not set")
			notes = append(notes, fmt.Sprintf("%s:%d keeps %s from being set", ex.File.Path, ex.Line, sysctl.Dotted(key)))
		default:
			values = append(values, name+"not set")
			notes = append(notes, fmt.Sprintf("no file sets %s, so the kernel's default decides", sysctl.Dotted(key)))
		}
	}
	if found.every {
		e, bad := r.uncovered(found.config)
		switch {
		case bad && e.Key == "":
			values = append(values, sysctl.Dotted(r.key)+" = not set")
			notes = append(notes, fmt.Sprintf("no pattern sets %s, so interfaces that are there before systemd-sysctl runs keep the kernel's default", sysctl.Dotted(r.key)))
		case bad:
			add(e, true)
			values = append(values, sysctl.Dotted(e.Key)+" = "+e.Value)
			notes = append(notes, fmt.Sprintf("%s:%d sets %s to %s", e.File.Path, e.Line, sysctl.Dotted(e.Key), e.Value))
		default:
			add(e, true)
			values = append(values, sysctl.Dotted(e.Key)+" = "+e.Value)
		}
	}
	if found.masked {
		notes = append(notes, sysctlUnit+" is masked, so no file of sysctl.d is applied at boot")
	}
	o.Persisted = strings.Join(values, ", ")
	switch {
	case len(notes) > 0:
		o.Message = strings.Join(notes, "; ")
	case r.wild():
		o.Message = "every interface gets it at boot"
	default:
		w, _ := found.config.Effective(r.key)
		o.Message = fmt.Sprintf("%s:%d sets it at boot", w.Entry.File.Path, w.Entry.Line)
	}
}

// uncovered looks at what happens to an interface that no line names. It gives the pattern that
// decides, and whether that is wrong; a bad one with no key means that no pattern covers them all.
func (r sysctlResource) uncovered(config *sysctl.Config) (e sysctl.Entry, bad bool) {
	bad = true
	for _, p := range config.Patterns() {
		whole, part := covers(p.Key, r.key)
		switch right := r.right(p.Value); {
		case whole:
			e, bad = p, !right
		case part && !right:
			e, bad = p, true
		}
	}
	return e, bad
}

// covers tells whether a pattern sets the family of every interface, or of some.
func covers(pattern, family string) (whole, part bool) {
	pp, ff := strings.Split(pattern, "/"), strings.Split(family, "/")
	if len(pp) != len(ff) {
		return false, false
	}
	for i := range ff {
		if ff[i] != "*" && !fnmatch.MatchPath(pp[i], ff[i]) {
			return false, false
		}
		if ff[i] == "*" {
			whole = strings.Trim(pp[i], "*") == ""
			part = fnmatch.IsPattern(pp[i])
		}
	}
	return whole, part && !whole
}

func (r sysctlResource) observeRunning(o *rule.Observation, found *sysctlFound, running host.Running, links []string) error {
	keys := []string{r.key}
	if r.wild() {
		keys = nil
		for _, name := range append([]string{"all", "default"}, links...) {
			keys = append(keys, strings.Replace(r.key, "*", name, 1))
		}
	}
	var values []string
	for _, key := range keys {
		value, err := running.Sysctl(key)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("cannot read the running value of %s: %w", sysctl.Dotted(key), err)
		}
		value = strings.Join(strings.Fields(value), " ")
		found.running = append(found.running, runningKey{key, value})
		if r.wild() {
			value = sysctl.Dotted(key) + " = " + value
		}
		values = append(values, value)
	}
	o.Running = strings.Join(values, ", ")
	if len(values) == 0 {
		o.Message += "; the running kernel has no such parameter"
		return nil
	}
	for _, k := range found.running {
		if !r.right(k.value) {
			o.Message += fmt.Sprintf("; %s is %s now", sysctl.Dotted(k.key), k.value)
		}
	}
	return nil
}

// runNote mentions lines in /run, which hold until the next boot only.
func (r sysctlResource) runNote(h host.Files, dialect sysctl.Dialect) (string, error) {
	config, err := sysctl.LoadDirs(h, dialect, sysctl.RunDir)
	if err != nil {
		return "", err
	}
	for _, e := range config.Entries {
		if fnmatch.MatchPath(e.Key, r.key) || fnmatch.MatchPath(r.key, e.Key) {
			return fmt.Sprintf("; %s:%d speaks about it too, until the next boot only", e.File.Path, e.Line), nil
		}
	}
	return "", nil
}
