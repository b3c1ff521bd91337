package profile

import (
	"slices"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/profiles"
)

// What is parsed must not depend on how a profile is named, and what a selection leaves out must not show.
func TestAProfileLoadedFromTheFilesThatItNeedsIsTheWholeProfile(t *testing.T) {
	lib, err := openShipped(profiles.FS)
	if err != nil {
		t.Fatal(err)
	}
	list, err := List(profiles.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, shipped := range list {
		o := Options{Profiles: []string{shipped.Name}, Library: profiles.FS}
		part, err := load(o, lib, false)
		if err != nil {
			t.Fatalf("%s: %v", shipped.Name, err)
		}
		whole, err := load(o, lib, true)
		if err != nil {
			t.Fatalf("%s: %v", shipped.Name, err)
		}
		if part.Digest != whole.Digest {
			t.Errorf("%s is another profile when all files are parsed", shipped.Name)
		}
	}
}

func TestTheIndexHasWhatTheParserFinds(t *testing.T) {
	lib, err := openShipped(profiles.FS)
	if err != nil {
		t.Fatal(err)
	}
	s := newSources()
	if err := s.addLibrary(profiles.FS); err != nil {
		t.Fatal(err)
	}
	if s.diags.HasErrors() {
		t.Fatal(s.fail())
	}
	found := 0
	for _, at := range []func(string) string{
		func(id string) string {
			if p := s.profiles[id]; p != nil {
				return p.at.Filename
			}
			return ""
		},
		func(id string) string {
			if r := s.rules[id]; r != nil {
				return r.at.Filename
			}
			return ""
		},
		func(id string) string {
			if v := s.variables[id]; v != nil {
				return v.at.Filename
			}
			return ""
		},
	} {
		for id, files := range lib.defined {
			if file := at(id); file != "" {
				found++
				if !slices.Contains(files, strings.TrimPrefix(file, "profiles/")) {
					t.Errorf("%s is in %s, not in %s", id, file, files)
				}
			}
		}
	}
	if want := len(s.profiles) + len(s.rules) + len(s.variables); found != want {
		t.Errorf("the index has %d names, the parser %d", found, want)
	}
}

func TestALineDefinesANameWhenItStartsABlock(t *testing.T) {
	for line, want := range map[string]string{
		`rule "a-b" {`:         "a-b",
		`profile "p" {`:        "p",
		`variable "v" {`:       "v",
		`  rule "inner" {`:     "",
		`rules = ["a"]`:        "",
		`rule "not closed`:     "",
		`# rule "in a remark"`: "",
	} {
		got, ok := definition(line)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%s: %q, %v", line, got, ok)
		}
	}
}
