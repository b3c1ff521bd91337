// Command licences writes docs/licences.md: every module that the plugin, the on-host binary or their tests need, with
// its version and the licences that stand in it. A module without a licence that is known, or with one that was not
// agreed to, is an error. It reads Go's module cache and asks no network.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

const page = "docs/licences.md"

// agreed are the licences under which a module may be used.
var agreed = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0", "Unicode-DFS-2016"}

// main starts in its own module's folder, two below that of the plugin.
func main() {
	if err := os.Chdir("../.."); err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(1)
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(1)
	}
}

// module is one version, and the folder with its files.
type module struct{ path, version, dir string }

func run() error {
	all, err := modules("./...", "-test", "-tags=authority,browser,build,interop,node")
	if err != nil {
		return err
	}
	plugin, err := modules(".")
	if err != nil {
		return err
	}
	harden, err := modules("./remediate/cmd/harden")
	if err != nil {
		return err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `# Licences

Every module that the binaries or their tests are built from, pinned in go.mod and go.sum. Made by `+"`make generate`"+` from the
licences in the modules themselves. Any other licence than %s fails it.

| module | version | licence | in |
| --- | --- | --- | --- |
`, strings.Join(agreed, ", "))
	for _, m := range all {
		ids, err := licences(m)
		if err != nil {
			return err
		}
		where := "tests"
		switch {
		case slices.Contains(harden, m):
			where = "plugin, harden"
		case slices.Contains(plugin, m):
			where = "plugin"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.path, m.version, strings.Join(ids, ", "), where)
	}
	return os.WriteFile(page, b.Bytes(), 0o644)
}

// modules are those that a package needs on any system that it is built for, sorted.
func modules(pkg string, flags ...string) ([]module, error) {
	const form = `{{with .Module}}{{if not .Main}}{{with or .Replace .}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}{{end}}`
	var list []module
	for _, system := range []string{"linux", "darwin", "windows"} {
		args := append([]string{"list", "-deps", "-f", form}, flags...)
		cmd := exec.Command("go", append(args, pkg)...)
		cmd.Env = append(os.Environ(), "PWD=", "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0")
		var said bytes.Buffer
		cmd.Stderr = &said
		data, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("go list: %w\n%s", err, said.String())
		}
		for line := range strings.Lines(string(data)) {
			fields := strings.SplitN(strings.TrimSpace(line), " ", 3)
			if len(fields) < 3 {
				continue
			}
			if m := (module{fields[0], fields[1], fields[2]}); !slices.Contains(list, m) {
				list = append(list, m)
			}
		}
	}
	slices.SortFunc(list, func(a, b module) int { return strings.Compare(a.path, b.path) })
	if len(list) == 0 {
		return nil, errors.New("there are no modules")
	}
	return list, nil
}

var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying)([.-].*)?$`)

// licences are those that the files at the top of the module hold.
func licences(m module) ([]string, error) {
	entries, err := os.ReadDir(m.dir)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, e := range entries {
		if !licenceFile.MatchString(e.Name()) || e.IsDir() {
			continue
		}
		text, err := os.ReadFile(filepath.Join(m.dir, e.Name()))
		if err != nil {
			return nil, err
		}
		for _, found := range licensecheck.Scan(text).Match {
			if found.IsURL {
				continue
			}
			if !slices.Contains(agreed, found.ID) {
				return nil, fmt.Errorf("%s of %s holds the licence %s, which was not agreed to", e.Name(), m.path, found.ID)
			}
			if !slices.Contains(ids, found.ID) {
				ids = append(ids, found.ID)
			}
		}
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("%s has no licence that is known", m.path)
	}
	slices.Sort(ids)
	return ids, nil
}
