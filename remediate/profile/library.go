package profile

import (
	"bytes"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// Library is everything that is shipped: the rules with their parameters' defaults, by file, and the benchmarks
// that ask for them.
type Library struct {
	Files      []RuleFile
	Benchmarks []Benchmark
}

// RuleFile is one file of rules, whose rules have the controls of every benchmark that asks for them.
type RuleFile struct {
	Name  string // without folder and extension
	About string // the comment that the file begins with
	Rules []Rule // as they stand in the file
}

// Benchmark is what the shipped profiles have of one benchmark.
type Benchmark struct {
	Name     string
	Profile  string    // the one that has it as it stands
	Profiles []string  // all that have controls of it, by name
	Controls []Control // without waivers, which are a profile's
}

// ReadLibrary reads and checks what is shipped.
func ReadLibrary(library fs.FS) (*Library, error) {
	s := newSources()
	if err := s.addLibrary(library); err != nil {
		return nil, err
	}
	if s.diags.HasErrors() {
		return nil, s.fail()
	}
	var l Library
	for _, name := range s.profileNames() {
		s.addBenchmarks(&l, name)
	}
	asked := map[string][]Control{}
	for _, b := range l.Benchmarks {
		for _, c := range b.Controls {
			for _, id := range c.Rules {
				asked[id] = append(asked[id], c)
			}
		}
	}
	l.Files = s.ruleFiles(asked)
	if s.diags.HasErrors() {
		return nil, s.fail()
	}
	return &l, nil
}

// Rule finds a shipped rule, with its parameters' defaults.
func (l *Library) Rule(id string) (Rule, bool) {
	for _, f := range l.Files {
		for _, r := range f.Rules {
			if r.ID == id {
				return r, true
			}
		}
	}
	return Rule{}, false
}

// addBenchmarks adds the controls of one profile to those of its benchmarks.
func (s *sources) addBenchmarks(l *Library, name string) {
	for _, merged := range s.merge([]string{name}).controls {
		c, ok := s.control(merged)
		if !ok {
			continue
		}
		c.Waiver = nil
		i := slices.IndexFunc(l.Benchmarks, func(b Benchmark) bool { return b.Name == c.Benchmark })
		if i < 0 {
			i = len(l.Benchmarks)
			l.Benchmarks = append(l.Benchmarks, Benchmark{Name: c.Benchmark})
		}
		b := &l.Benchmarks[i]
		if s.profiles[name].benchmark == b.Name {
			b.Profile = name
		}
		if !slices.Contains(b.Profiles, name) {
			b.Profiles = append(b.Profiles, name)
		}
		if !slices.ContainsFunc(b.Controls, func(have Control) bool { return have.ID == c.ID }) {
			b.Controls = append(b.Controls, c)
		}
	}
}

func (s *sources) ruleFiles(asked map[string][]Control) []RuleFile {
	values := map[string]cty.Value{}
	for name, v := range s.variables {
		values[name] = v.value
	}
	ctx := evalContext(values, Platform{})
	byFile := map[string][]Rule{}
	for _, src := range slices.SortedFunc(maps.Values(s.rules), byPlace) {
		r := s.rule(src, values, ctx)
		r.Controls = asked[r.ID]
		byFile[src.at.Filename] = append(byFile[src.at.Filename], r)
	}
	var files []RuleFile
	for _, name := range slices.Sorted(maps.Keys(byFile)) {
		files = append(files, RuleFile{
			Name:  strings.TrimSuffix(path.Base(name), path.Ext(name)),
			About: leadingComment(s.files[name].Bytes),
			Rules: byFile[name],
		})
	}
	return files
}

func byPlace(a, b *ruleSource) int {
	if a.at.Filename != b.at.Filename {
		return strings.Compare(a.at.Filename, b.at.Filename)
	}
	return a.at.Start.Byte - b.at.Start.Byte
}

// leadingComment is the text of the comment lines at the start of a file.
func leadingComment(src []byte) string {
	var words []string
	for line := range bytes.Lines(src) {
		text, ok := strings.CutPrefix(strings.TrimSpace(string(line)), "#")
		if !ok {
			break
		}
		words = append(words, strings.TrimSpace(text))
	}
	return strings.Join(words, " ")
}
