package engine_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/nodeimage/packer-plugin-harden/remediate/engine"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// What a case expects of its rule.
const (
	isFixable   = "fixable"
	isUnfixable = "unfixable"
	isManual    = "manual"
	alwaysHolds = "holds" // nothing that a file can say makes the rule fail
)

// ruleCase is one file of testdata/rules.
type ruleCase struct {
	file      string
	archive   *txtar.Archive
	rule      string
	platform  profile.Platform
	bases     []string
	variables map[string]string
	require   engine.Require
	expect    string
	reason    string // of unfixable and holds
}

// byHand matches the sections that people write.
var byHand = regexp.MustCompile(`^(in|pass)(/.+|\.attrs|\.rpms|\.dconf|\.running)$`)

func readCase(t *testing.T, file string) *ruleCase {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	id, _, _ := strings.Cut(filepath.Base(file), ".")
	c := &ruleCase{file: file, archive: archive, rule: id, variables: map[string]string{}, require: engine.RequirePersisted, bases: []string{"system"}}
	head, _, _ := strings.Cut(string(archive.Comment), "\n\n")
	for i, line := range strings.Split(strings.TrimSpace(head), "\n") {
		if err := c.directive(line); err != nil {
			t.Fatalf("%s:%d: %v", file, i+1, err)
		}
	}
	for _, f := range archive.Files {
		if !isGolden(f) && !byHand.MatchString(f.Name) {
			t.Fatalf("%s: there is no section %q", file, f.Name)
		}
		if strings.HasPrefix(f.Name, "pass") && c.expect != isUnfixable {
			t.Fatalf("%s: pass is for what is unfixable: apply makes the tree that passes", file)
		}
	}
	switch {
	case c.platform.OS == "" || c.expect == "":
		t.Fatalf("%s: platform and expect are required", file)
	case (c.expect == isUnfixable || c.expect == alwaysHolds) != (c.reason != ""):
		t.Fatalf("%s: a reason belongs to unfixable and holds: expect: unfixable: REASON", file)
	}
	return c
}

func (c *ruleCase) directive(line string) error {
	name, value, ok := strings.Cut(line, ": ")
	if !ok {
		return fmt.Errorf("want NAME: VALUE, not %q", line)
	}
	switch name {
	case "platform":
		c.platform.OS, c.platform.Version, ok = strings.Cut(value, " ")
	case "base":
		c.bases = append(c.bases, strings.Fields(value)...)
	case "set":
		var variable string
		variable, value, ok = strings.Cut(value, " = ")
		c.variables[variable] = value
	case "require":
		c.require, ok = engine.Require(value), value == string(engine.RequireBoth)
	case "expect":
		c.expect, c.reason, _ = strings.Cut(value, ": ")
		ok = slices.Contains([]string{isFixable, isUnfixable, isManual, alwaysHolds}, c.expect)
	default:
		ok = false
	}
	if !ok {
		return fmt.Errorf("there is no %q", line)
	}
	return nil
}

// tree is the machine: the platform's shared files, then in/, then pass/ where it is asked for.
func (c *ruleCase) tree(t *testing.T, pass bool) *hosttest.Fake {
	t.Helper()
	f := hosttest.Tree(t, "")
	for _, base := range c.bases {
		archive, err := txtar.ParseFile(filepath.Join("testdata/base", c.platform.OS+"-"+c.platform.Version, base+".txtar"))
		if err != nil {
			t.Fatalf("%s: %v", c.file, err)
		}
		put(t, f, archive, "in")
	}
	put(t, f, c.archive, "in")
	if pass {
		if !put(t, f, c.archive, "pass") {
			t.Fatalf("%s has no pass/", c.file)
		}
	}
	return f
}

// put lays the sections of one tree over the machine.
func put(t *testing.T, f *hosttest.Fake, archive *txtar.Archive, tree string) (any bool) {
	t.Helper()
	var attrs, databases []string
	for _, file := range archive.Files {
		rest, ok := strings.CutPrefix(file.Name, tree)
		if !ok {
			continue
		}
		any = true
		switch rest {
		case ".attrs":
			attrs = strings.Split(strings.TrimSpace(string(file.Data)), "\n")
		case ".rpms":
			f.SetRPMs(strings.Fields(string(file.Data))...)
		case ".dconf":
			databases = strings.Fields(string(file.Data))
		case ".running":
			d := json.NewDecoder(bytes.NewReader(file.Data))
			d.DisallowUnknownFields()
			f.State = &hosttest.State{}
			if err := d.Decode(f.State); err != nil {
				t.Fatalf("%s: %v", file.Name, err)
			}
		default:
			if info, err := f.Lstat(rest); err == nil && info.Mode&fs.ModeSymlink != 0 {
				f.Delete(rest)
			}
			write(t, f, rest, file.Data)
		}
	}
	for _, name := range databases {
		f.CompileDconf(name)
	}
	for _, line := range attrs {
		if path, ok := strings.CutPrefix(line, "gone "); ok {
			f.Delete(path)
			continue
		}
		if link, ok := strings.CutPrefix(line, "-> "); ok {
			target, path, _ := strings.Cut(link, " ")
			f.Link(path, target)
			continue
		}
		path, attr, err := hosttest.ParseAttr(line)
		if err != nil {
			t.Fatalf("%s.attrs: %v", tree, err)
		}
		if strings.HasSuffix(path, "/") {
			f.Mkdir(path)
		}
		f.Chattr(path, attr.Mode, attr.UID, attr.GID)
	}
	return any
}

// write puts a file where its path leads, without the syncing of a real machine's.
func write(t *testing.T, f *hosttest.Fake, path string, content []byte) {
	t.Helper()
	f.Mkdir(path[:strings.LastIndexByte(path, '/')+1])
	resolved, err := f.Resolve(path)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(f.Dir(), resolved)
	if err := os.WriteFile(file, content, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
}

// treeState is a whole machine as text, for comparison.
type treeState struct {
	paths   map[string]node
	rpms    []string
	running string
}

type node struct{ attr, content string }

// secret is a hash that apply made of a random secret.
var secret = regexp.MustCompile(`grub\.pbkdf2\.sha512\.\d+\.[0-9A-F]+\.[0-9A-F]+`)

func describeTree(t *testing.T, f *hosttest.Fake) treeState {
	t.Helper()
	s := treeState{paths: map[string]node{}, rpms: slices.Clone(f.RPMs())}
	if f.State != nil {
		text, err := json.MarshalIndent(f.State, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		s.running = string(text) + "\n"
	}
	err := filepath.WalkDir(f.Dir(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == f.Dir() {
			return err
		}
		rel := strings.TrimPrefix(path, f.Dir())
		info, err := f.Lstat(rel)
		if err != nil {
			return err
		}
		var n node
		switch {
		case info.Mode&fs.ModeSymlink != 0:
			target, err := f.Readlink(rel)
			if err != nil {
				return err
			}
			n.attr = "-> " + target + " " + rel
		case d.IsDir():
			n.attr = fmt.Sprintf("%04o %d:%d %s/", rule.Octal(info.Mode), info.UID, info.GID, rel)
		default:
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			n.attr = fmt.Sprintf("%04o %d:%d %s", rule.Octal(info.Mode), info.UID, info.GID, rel)
			n.content = secret.ReplaceAllString(string(content), "grub.pbkdf2.sha512.RANDOM")
		}
		s.paths[rel] = n
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// delta gives the sections that say how out differs from in; together with in they are all of out.
func delta(in, out treeState) []txtar.File {
	var attrs []string
	var files []txtar.File
	for _, path := range slices.Sorted(maps.Keys(in.paths)) {
		if _, ok := out.paths[path]; !ok {
			attrs = append(attrs, "gone "+path)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(out.paths)) {
		old, existed := in.paths[path]
		now := out.paths[path]
		if now.attr != old.attr {
			attrs = append(attrs, now.attr)
		}
		isFile := !strings.HasSuffix(now.attr, "/") && !strings.HasPrefix(now.attr, "->")
		if isFile && path != "/var/lib/rpm/rpmdb.sqlite" && (!existed || now.content != old.content) {
			files = append(files, txtar.File{Name: "out" + path, Data: []byte(now.content)})
		}
	}
	var sections []txtar.File
	add := func(name, text string) { sections = append(sections, txtar.File{Name: name, Data: []byte(text)}) }
	if len(attrs) > 0 {
		add("out.attrs", strings.Join(attrs, "\n")+"\n")
	}
	if !slices.Equal(in.rpms, out.rpms) {
		add("out.rpms", strings.Join(out.rpms, "\n")+"\n")
	}
	if in.running != out.running {
		add("out.running", out.running)
	}
	return append(sections, files...)
}

// isGolden reports whether a section is written by -update.
func isGolden(f txtar.File) bool {
	return f.Name == "found" || f.Name == "plan" || strings.HasPrefix(f.Name, "out")
}

// compare holds the goldens against the file, or writes them.
func (c *ruleCase) compare(t *testing.T, got []txtar.File) {
	t.Helper()
	written := slices.DeleteFunc(slices.Clone(c.archive.Files), isGolden)
	formatted := txtar.Format(&txtar.Archive{Comment: c.archive.Comment, Files: slices.Concat(written, got)})
	if *update {
		if t.Failed() {
			return
		}
		if err := os.WriteFile(c.file, formatted, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(txtar.Format(c.archive)), string(formatted)); diff != "" {
		t.Errorf("%s differs (-want +got; rewrite with -update):\n%s", c.file, diff)
	}
}
