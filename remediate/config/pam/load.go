package pam

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

const (
	// maxDepth is PAM_SUBSTACK_MAX_LEVEL: how deep files may include files.
	maxDepth = 16
	// maxHandlers bounds what files that include each other many times over can grow to.
	maxHandlers = 4096
	// maxIncludes bounds how often files may be included in one service, which can double at every
	// level without a single module line.
	maxIncludes = 256
	// maxLines bounds the lines that are looked at in one service, whatever their type.
	maxLines = 1 << 15
)

// Dirs are the directories of service files, the first that has a file wins.
func Dirs() []string { return []string{"/etc/pam.d", "/usr/lib/pam.d"} }

// confFile holds all services where no directory exists.
const confFile = "/etc/pam.conf"

// Services lists the names of the service files, sorted, at most limit of them.
func Services(files host.Files, limit int) ([]string, error) {
	var names []string
	for _, dir := range Dirs() {
		entries, err := files.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot list %s: %w", dir, err)
		}
		for _, e := range entries {
			info, err := files.Stat(path.Join(dir, e.Name()))
			if err == nil && info.Mode.IsRegular() && serviceName(e.Name()) {
				names = append(names, e.Name())
			}
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) > limit {
		return nil, fmt.Errorf("more than %d files in %s", limit, Dirs()[0])
	}
	return names, nil
}

// serviceName tells service files from what package managers and editors leave beside them.
func serviceName(name string) bool {
	if strings.HasPrefix(name, ".") {
		return false
	}
	for _, suffix := range []string{"~", ".dpkg-old", ".dpkg-new", ".dpkg-dist", ".rpmsave", ".rpmnew", ".pam-old", ".pam-new", ".ucf-dist", ".ucf-old"} {
		if strings.HasSuffix(name, suffix) {
			return false
		}
	}
	return true
}

// Load reads the stacks of a service as libpam would. A file that cannot be read for another reason
// than being absent is an error: what libpam, which runs as root, makes of it is then not known.
func Load(files host.Files, dialect Dialect, service string) (*Service, error) {
	return host.Once(files, loadKey{dialect, service}, func() (*Service, error) { return loadConfig(files, dialect, service) })
}

type loadKey struct {
	dialect Dialect
	service string
}

func loadConfig(files host.Files, dialect Dialect, service string) (*Service, error) {
	s := &Service{Name: service}
	l := &loader{files: files, dialect: dialect, cache: map[string]assembled{}}
	dir := false
	for _, d := range Dirs() {
		if info, err := files.Stat(d); err == nil && info.Mode.IsDir() {
			dir = true
		}
	}
	if !dir {
		return l.loadConf(s)
	}
	own, err := l.loadService(service)
	if err != nil {
		return nil, err
	}
	s.Path, s.Stacks, s.Broken = own.path, own.stacks, own.broken
	other, err := l.loadService("other")
	if err != nil {
		return nil, err
	}
	s.Other = other.stacks
	if s.Broken == "" {
		s.Broken = other.broken
	}
	s.Files = l.read
	return s, nil
}

type loaded struct {
	path   string
	stacks map[Type][]Handler
	broken string
}

// assembled is a file taken apart, which is done once however often it is included.
type assembled struct {
	entries []logical
	broken  string
	at      int
}

type loader struct {
	files   host.Files
	dialect Dialect
	read    []string

	handlers []Handler
	included int
	looked   int
	cache    map[string]assembled // by path
	broken   string
}

func (l *loader) loadService(name string) (loaded, error) {
	l.handlers, l.included, l.looked, l.broken = nil, 0, 0, ""
	file, content, err := l.open(name, false)
	if err != nil || file == "" {
		return loaded{}, err
	}
	if err := l.parse(file, content, "", nil, 0, 0); err != nil {
		return loaded{}, err
	}
	return loaded{path: file, stacks: split(l.handlers), broken: l.broken}, nil
}

func split(handlers []Handler) map[Type][]Handler {
	stacks := map[Type][]Handler{}
	for _, h := range handlers {
		stacks[h.Type] = append(stacks[h.Type], h)
	}
	return stacks
}

// open finds the file of a service or an include; no file gives an empty path.
func (l *loader) open(name string, include bool) (file, content string, err error) {
	candidates := []string{}
	switch {
	case strings.HasPrefix(name, "/"):
		candidates = append(candidates, name)
	case include && l.dialect.Debian:
		candidates = append(candidates, Dirs()[0]+"/"+name)
	default:
		for _, dir := range Dirs() {
			candidates = append(candidates, dir+"/"+name)
		}
	}
	for _, file := range candidates {
		if strings.IndexByte(file, 0) >= 0 {
			continue
		}
		b, err := l.files.ReadFile(file)
		switch {
		case err == nil:
			if !slices.Contains(l.read, file) {
				l.read = append(l.read, file)
			}
			return file, string(b), nil
		case errors.Is(err, fs.ErrNotExist):
		default:
			return "", "", fmt.Errorf("cannot read %s: %w", file, err)
		}
	}
	return "", "", nil
}

// parse adds the entries of one file. want is the type that an include line asked for, empty for all.
func (l *loader) parse(file, content string, want Type, via []Include, depth, level int) error {
	a, known := l.cache[file]
	if !known {
		a.entries, a.broken, a.at = assemble(content)
		l.cache[file] = a
	}
	broken, at := a.broken, a.at
	for _, e := range a.entries {
		if err := l.entry(file, e, e.text, want, via, depth, level); err != nil {
			return err
		}
		if l.broken != "" {
			return nil
		}
	}
	if broken != "" {
		l.broken = fmt.Sprintf("%s:%d: %s", file, at, broken)
	}
	return nil
}

func (l *loader) entry(file string, e logical, text string, want Type, via []Include, depth, level int) error {
	h := Handler{Path: file, Line: e.line, Raw: e.raw, Via: via, Level: level}
	if l.looked++; l.looked > maxLines {
		return fmt.Errorf("%s:%d: more than %d lines in one service", file, e.line, maxLines)
	}
	fallback := want
	if fallback == "" {
		fallback = Auth // what libpam takes for the most sensitive
	}
	word, rest, ok := token(text)
	debianInclude := false
	if !ok {
		h.Type, h.Fail = fallback, "no module type"
	} else {
		if trimmed, dash := strings.CutPrefix(word, "-"); dash {
			h.Silent, word = true, trimmed
		}
		switch t := Type(strings.ToLower(word)); {
		case slices.Contains(Types(), t):
			h.Type = t
		case l.dialect.Debian && t == "@include":
			debianInclude = true
			h.Type = want
		default:
			h.Type, h.Fail = fallback, fmt.Sprintf("unknown module type %q", word)
		}
	}
	if want != "" && h.Type != want {
		return nil
	}
	if len(l.handlers) >= maxHandlers {
		return fmt.Errorf("%s:%d: more than %d entries in one service", file, e.line, maxHandlers)
	}

	include, substack := debianInclude, false
	if debianInclude {
		h.Control = "@include"
	} else {
		control, r, ok := token(rest)
		rest, h.Control = r, control
		switch {
		case !ok:
			h.Fail = "no control"
			h.Actions = allBad()
		case strings.EqualFold(control, "include"):
			include = true
		case strings.EqualFold(control, "substack"):
			include, substack = true, true
		default:
			var err error
			if h.Actions, err = ParseControl(control); err != nil && h.Fail == "" {
				// libpam goes on with "bad" for every code
				h.Control = control
			}
		}
	}
	name, rest, ok := token(rest)
	if include {
		return l.include(h, name, ok, via, depth, level, substack)
	}
	if !ok {
		if h.Fail == "" {
			h.Fail = "no module"
		}
	} else {
		h.Module, h.Args = name, tokens(rest)
	}
	l.handlers = append(l.handlers, h)
	return nil
}

func allBad() Actions {
	var a Actions
	for i := range a {
		a[i] = ActBad
	}
	return a
}

func (l *loader) include(h Handler, name string, named bool, via []Include, depth, level int, substack bool) error {
	h.Module = name
	if substack {
		mark := h
		mark.Substack = true
		l.handlers = append(l.handlers, mark)
		level++
	}
	fail := ""
	switch {
	case !named:
		fail = "nothing to include is named"
	case depth+1 >= maxDepth:
		fail = fmt.Sprintf("files include each other more than %d deep", maxDepth-1)
	case l.included >= maxIncludes:
		return fmt.Errorf("%s:%d: more than %d includes in one service", h.Path, h.Line, maxIncludes)
	default:
		l.included++
		file, content, err := l.open(name, true)
		if err != nil {
			return fmt.Errorf("%s:%d: %w", h.Path, h.Line, err)
		}
		if file == "" {
			fail = fmt.Sprintf("the included file %s does not exist", name)
			break
		}
		trail := append(slices.Clone(via), Include{Path: h.Path, Line: h.Line, Raw: h.Raw, File: file})
		return l.parse(file, content, h.Type, trail, depth+1, level)
	}
	if h.Type == "" {
		// Debian's @include has no type to keep a failing entry for: libpam gives up on the service
		l.broken = fmt.Sprintf("%s:%d: %s", h.Path, h.Line, fail)
		return nil
	}
	h.Fail, h.Actions = fail, allBad()
	l.handlers = append(l.handlers, h)
	return nil
}

// loadConf reads the one file that older systems use, in which every line starts with its service.
func (l *loader) loadConf(s *Service) (*Service, error) {
	b, err := l.files.ReadFile(confFile)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			s.Broken = "neither " + Dirs()[0] + " nor " + confFile + " exists"
			return s, nil
		}
		return nil, fmt.Errorf("cannot read %s: %w", confFile, err)
	}
	l.read = append(l.read, confFile)
	entries, broken, at := assemble(string(b))
	stacks := func(name string) (map[Type][]Handler, error) {
		l.handlers, l.included, l.looked = nil, 0, 0
		for _, e := range entries {
			service, rest, _ := token(e.text)
			if !strings.EqualFold(service, name) {
				continue
			}
			s.Path = confFile
			if err := l.entry(confFile, e, rest, "", nil, 0, 0); err != nil {
				return nil, err
			}
		}
		return split(l.handlers), nil
	}
	if s.Other, err = stacks("other"); err != nil {
		return nil, err
	}
	s.Path = ""
	if s.Stacks, err = stacks(s.Name); err != nil {
		return nil, err
	}
	s.Broken = l.broken
	if broken != "" {
		s.Broken = fmt.Sprintf("%s:%d: %s", confFile, at, broken)
	}
	s.Files = l.read
	return s, nil
}
