package profile

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
)

// Options says what to load.
type Options struct {
	// Library holds the shipped profiles and rules.
	Library fs.FS
	// Profiles are names of shipped profiles, or paths of files (with a slash, or ending in .hcl).
	// With several, each after the first adds its controls. Empty means that the platform picks.
	Profiles []string
	// Platform picks a profile when none is named, and is what rules see where no profile says it.
	Platform Platform
	// Variables override the profiles' parameters.
	Variables map[string]string
	// Waivers are paths of the operator's waiver files.
	Waivers []string
	// Level keeps controls up to this level; 0 keeps all.
	Level int
	// Only and Skip select by rule id or control number.
	Only, Skip []string
}

// Load reads, merges and checks. Its error is a *DiagnosticsError where a file is at fault.
func Load(o Options) (*Profile, error) {
	lib, err := openShipped(o.Library)
	if err != nil {
		return nil, err
	}
	if p, err := load(o, lib, false); err == nil {
		return p, nil
	}
	return load(o, lib, true) // what is wrong is told with all names at hand
}

func load(o Options, lib *shippedFiles, whole bool) (*Profile, error) {
	s := newSources()
	names := o.Profiles
	if len(names) == 0 {
		s.addShipped(lib, lib.profiles())
		name, err := s.pick(o.Platform)
		if err != nil {
			return nil, err
		}
		names = []string{name}
	}
	needed := lib.names
	if !whole {
		text, err := mentions(o, names)
		if err != nil {
			return nil, err
		}
		needed = lib.needs(text...)
	}
	s.addShipped(lib, needed)
	var wanted []string
	for _, name := range names {
		if !isFile(name) {
			wanted = append(wanted, name)
			continue
		}
		added, err := s.addOperatorFile(name)
		if err != nil {
			return nil, err
		}
		wanted = append(wanted, added...)
	}
	for _, file := range o.Waivers {
		if err := s.addWaiverFile(file); err != nil {
			return nil, err
		}
	}
	if s.diags.HasErrors() {
		return nil, s.fail()
	}
	return s.resolve(wanted, o)
}

// mentions is all text in which shipped profiles, rules and variables can be named.
func mentions(o Options, profiles []string) ([]string, error) {
	text := slices.Sorted(maps.Keys(o.Variables))
	for _, name := range profiles {
		if !isFile(name) {
			text = append(text, name)
			continue
		}
		src, err := readSource(name)
		if err != nil {
			return nil, err
		}
		text = append(text, string(src))
	}
	return text, nil
}

func isFile(name string) bool {
	return strings.ContainsRune(name, '/') || strings.ContainsRune(name, filepath.Separator) || strings.HasSuffix(name, ".hcl")
}

// Summary is a shipped profile in a listing.
type Summary struct {
	Name      string     `json:"name"`
	Version   string     `json:"version"`
	Benchmark string     `json:"benchmark"`
	Platforms []Platform `json:"platforms,omitempty"`
	Controls  int        `json:"controls"`
}

// List describes every profile of the library, by name.
func List(fsys fs.FS) ([]Summary, error) {
	s := newSources()
	if err := s.addLibrary(fsys); err != nil {
		return nil, err
	}
	if s.diags.HasErrors() {
		return nil, s.fail()
	}
	var list []Summary
	for _, name := range s.profileNames() {
		m := s.merge([]string{name})
		if s.diags.HasErrors() {
			return nil, s.fail()
		}
		list = append(list, Summary{name, m.version, m.benchmark, m.platforms, len(m.controls)})
	}
	return list, nil
}

// addLibrary parses everything that is shipped.
func (s *sources) addLibrary(fsys fs.FS) error {
	lib, err := openShipped(fsys)
	if err == nil {
		s.addShipped(lib, lib.names)
	}
	return err
}

// addShipped parses files of the library that are not parsed yet, on all processors, and takes them in by name.
func (s *sources) addShipped(lib *shippedFiles, names []string) {
	var wg sync.WaitGroup
	parsed := make([]*parsedFile, len(names))
	for i, name := range names {
		if s.files[shippedName(name)] != nil {
			continue
		}
		wg.Go(func() { parsed[i] = parseFile(shippedName(name), lib.text[name]) })
	}
	wg.Wait()
	for i, name := range names {
		if parsed[i] != nil {
			s.take(parsed[i], lib.text[name], vendor)
		}
	}
}

func shippedName(name string) string { return "profiles/" + name }

// maxSource bounds an operator's file, in bytes: far above any real profile, far below what could
// exhaust a build machine.
const maxSource = 1 << 20

func readSource(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read profile: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("cannot read profile %s: not a regular file", name)
	}
	if info.Size() > maxSource {
		return nil, fmt.Errorf("cannot read profile %s: larger than %d bytes", name, maxSource)
	}
	src, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read profile: %w", err)
	}
	return src, nil
}

// addOperatorFile parses a profile file and returns the names of the profiles that it defines.
func (s *sources) addOperatorFile(name string) ([]string, error) {
	src, err := readSource(name)
	if err != nil {
		return nil, err
	}
	added := s.parse(name, src, operator)
	if s.diags.HasErrors() {
		return nil, s.fail()
	}
	if len(added) == 0 {
		return nil, fmt.Errorf("cannot use %s: it defines no profile", name)
	}
	// A file may define a base of its own beside the profile that extends it: only the outermost
	// profiles are asked for.
	var outer []string
	for _, n := range added {
		extended := slices.ContainsFunc(added, func(other string) bool {
			return slices.Contains(s.profiles[other].extends, n)
		})
		if !extended {
			outer = append(outer, n)
		}
	}
	if len(outer) == 0 { // they extend each other, which merging reports
		return added, nil
	}
	return outer, nil
}

func (s *sources) addWaiverFile(name string) error {
	src, err := readSource(name)
	if err != nil {
		return err
	}
	s.parseWaivers(name, src)
	return nil
}

// pick names the shipped profile for a platform: the first by name, so that aks-* goes before cis-*.
func (s *sources) pick(p Platform) (string, error) {
	for _, name := range s.profileNames() {
		m := s.merge([]string{name})
		if slices.Contains(m.platforms, p) {
			return name, nil
		}
	}
	if s.diags.HasErrors() {
		return "", s.fail()
	}
	return "", fmt.Errorf("no shipped profile is for %s; name one of: %s", p, strings.Join(s.profileNames(), ", "))
}

func (s *sources) profileNames() []string {
	names := make([]string, 0, len(s.profiles))
	for name := range s.profiles {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// DiagnosticsError is what is wrong in profiles, shown with the source lines.
type DiagnosticsError struct {
	Diagnostics hcl.Diagnostics
	text        string
}

func (e *DiagnosticsError) Error() string { return e.text }

func (s *sources) fail() error {
	var b strings.Builder
	b.WriteString("cannot load the profile:\n\n")
	w := hcl.NewDiagnosticTextWriter(&b, s.files, 100, false)
	if err := w.WriteDiagnostics(s.diags); err != nil {
		return fmt.Errorf("cannot load the profile: %w", s.diags)
	}
	return &DiagnosticsError{Diagnostics: s.diags, text: strings.TrimRight(b.String(), "\n")}
}
