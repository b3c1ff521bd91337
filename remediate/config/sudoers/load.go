package sudoers

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

const (
	maxDepth = 128 // of includes, as in sudo
	maxFiles = 500
	maxLines = 100000 // over all files
)

type loader struct {
	files  host.Files
	config *Config
	lines  int
	read   int
}

func (l *loader) main() error {
	content, why, err := l.open(Path)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", Path, err)
	}
	if why != "" {
		l.problem(Place{Path: Path, First: 1, Last: 1}, "sudo refuses the file: "+why)
		return nil
	}
	return l.parse(Path, content, 0)
}

// open reads a file that sudo would read; why says what keeps sudo from it. Sudo wants root as owner, and
// nobody else but root's group to be able to write.
func (l *loader) open(name string) (content []byte, why string, err error) {
	info, err := l.files.Stat(name)
	if err != nil {
		return nil, "", err
	}
	if !info.Mode.IsRegular() {
		return nil, "it is not a regular file", nil
	}
	if why := insecure(info); why != "" {
		return nil, why, nil
	}
	content, err = l.files.ReadFile(name)
	return content, "", err
}

func insecure(info host.FileInfo) string {
	switch {
	case info.UID != 0:
		return fmt.Sprintf("it is owned by uid %d, not by root", info.UID)
	case info.Mode&0o002 != 0:
		return "everybody can write it"
	case info.Mode&0o020 != 0 && info.GID != 0:
		return fmt.Sprintf("gid %d can write it", info.GID)
	}
	return ""
}

func (l *loader) problem(p Place, reason string) {
	l.config.Problems = append(l.config.Problems, Problem{p, reason})
}

func (l *loader) parse(name string, content []byte, depth int) error {
	if l.read++; l.read > maxFiles {
		return fmt.Errorf("cannot read the sudoers files: more than %d files, or includes in a circle", maxFiles)
	}
	at := len(l.config.Files)
	f := File{Path: name, Lines: splitLines(content)}
	if l.lines += len(f.Lines); l.lines > maxLines {
		return fmt.Errorf("cannot read the sudoers files: more than %d lines", maxLines)
	}
	l.config.Files = append(l.config.Files, f)
	for _, s := range statements(name, f.Lines) {
		if s.open {
			l.problem(s.Place, "the file ends in a line that goes on")
			continue
		}
		target, dir, ok := includeOf(s.code)
		if !ok {
			p := parser{place: s.Place, text: s.code, config: l.config}
			if reason := p.statement(); reason != "" {
				l.problem(s.Place, reason)
			}
			continue
		}
		if target == "" {
			l.problem(s.Place, "a path to include is missing")
			continue
		}
		target = l.resolve(target, name)
		l.config.Files[at].includes = append(l.config.Files[at].includes, include{line: s.First, dir: dir, path: target})
		if depth+1 >= maxDepth {
			l.problem(s.Place, "includes are nested too deeply")
			continue
		}
		var err error
		if dir {
			err = l.includeDir(target, depth+1)
		} else {
			err = l.includeFile(s.Place, target, depth+1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// resolve fills in the host's short name for %h, and takes a relative path from the file's directory.
func (l *loader) resolve(target, from string) string {
	if strings.Contains(target, "%") {
		name := "localhost"
		if content, err := l.files.ReadFile("/etc/hostname"); err == nil {
			if first, _, _ := strings.Cut(strings.TrimSpace(string(content)), "\n"); first != "" {
				name, _, _ = strings.Cut(strings.TrimSpace(first), ".")
			}
		}
		target = strings.NewReplacer("%%", "%", "%h", name).Replace(target)
	}
	if !strings.HasPrefix(target, "/") {
		target = path.Dir(from) + "/" + target
	}
	return path.Clean(target)
}

func (l *loader) includeFile(at Place, target string, depth int) error {
	content, why, err := l.open(target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		l.problem(at, target+" does not exist")
		return nil
	case err != nil:
		return fmt.Errorf("cannot read %s: %w", target, err)
	case why != "":
		l.problem(at, "sudo refuses "+target+": "+why)
		return nil
	}
	return l.parse(target, content, depth)
}

// includeDir reads the files of a directory in the order of their names. What sudo would not read it
// leaves out with a warning; a directory that is not there is no mistake.
func (l *loader) includeDir(target string, depth int) error {
	info, err := l.files.Stat(target)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", target, err)
	}
	if !info.Mode.IsDir() {
		return nil
	}
	if why := insecure(info); why != "" {
		l.config.Files = append(l.config.Files, File{Path: target, Ignored: "the directory is left out: " + why})
		return nil
	}
	entries, err := l.files.ReadDir(target)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", target, err)
	}
	for _, e := range entries {
		name := target + "/" + e.Name()
		if strings.Contains(e.Name(), ".") || strings.HasSuffix(e.Name(), "~") {
			l.config.Files = append(l.config.Files, File{Path: name, Ignored: "names with a dot or a ~ at the end are left out"})
			continue
		}
		content, why, err := l.open(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return fmt.Errorf("cannot read %s: %w", name, err)
		case why != "":
			l.config.Files = append(l.config.Files, File{Path: name, Ignored: why})
			continue
		}
		if err := l.parse(name, content, depth); err != nil {
			return err
		}
	}
	return nil
}

func splitLines(content []byte) []string {
	if len(content) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
}
