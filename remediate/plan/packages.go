package plan

import (
	"slices"

	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// changePackages makes one step of all removals and one of all installations: a package and one that depends
// on it may be the wish of two rules, and a package manager has to see both. Removals come first, since
// what is wanted may conflict with what is not.
func (b *builder) changePackages() {
	var remove rule.RemovePackage
	var install rule.InstallPackage
	var removers, installers []string
	for _, e := range b.packages {
		switch c := e.Change.(type) {
		case rule.RemovePackage:
			remove.Names, remove.Along = appendAll(remove.Names, c.Names), appendAll(remove.Along, c.Along)
			removers = appendOnce(removers, e.Rule)
		case rule.InstallPackage:
			install.Names = appendAll(install.Names, c.Names)
			installers = appendOnce(installers, e.Rule)
		}
	}
	for _, name := range remove.Names {
		if slices.Contains(install.Names, name) {
			b.errs = append(b.errs, &Conflict{name, b.wanting(name), "one installs the package, the other removes it"})
		}
	}
	if len(remove.Names) > 0 {
		slices.Sort(remove.Names)
		slices.Sort(remove.Along)
		b.steps = append(b.steps, Step{Target: remove.Target(), Rules: removers, Change: remove})
	}
	if len(install.Names) > 0 {
		slices.Sort(install.Names)
		b.steps = append(b.steps, Step{Target: install.Target(), Rules: installers, Change: install})
	}
}

// wanting lists the rules that speak about a package.
func (b *builder) wanting(name string) []string {
	var rules []string
	for _, e := range b.packages {
		switch c := e.Change.(type) {
		case rule.RemovePackage:
			if slices.Contains(c.Names, name) {
				rules = appendOnce(rules, e.Rule)
			}
		case rule.InstallPackage:
			if slices.Contains(c.Names, name) {
				rules = appendOnce(rules, e.Rule)
			}
		}
	}
	return rules
}

func appendAll(list, add []string) []string {
	for _, s := range add {
		list = appendOnce(list, s)
	}
	return list
}

// Packages reports whether a step installs or removes packages. What a package ships shows only once
// it is there, or gone, so plans of files are made again after such a step.
func (s Step) Packages() bool {
	switch s.Change.(type) {
	case rule.InstallPackage, rule.RemovePackage:
		return true
	}
	return false
}
