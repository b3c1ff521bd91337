// Package timesync is where chronyd and ntpd get the time from: their configuration with everything
// that it includes. systemd-timesyncd has a configuration as package ini reads it. This package holds
// no opinions and changes nothing. The facts are those of chrony.conf(5) and ntp.conf(5).
package timesync

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Line is one directive.
type Line struct {
	Path  string
	Line  int
	Text  string
	Words []string // the first in lower case
}

func (l Line) String() string {
	return fmt.Sprintf("%s:%d: %s", l.Path, l.Line, strings.Join(l.Words, " "))
}

const maxFiles = 512

// Config is the directives of a daemon in order.
type Config struct {
	Path  string // the main file
	Lines []Line
}

// Chrony reads chronyd's configuration: the first of its two customary places that exists.
func Chrony(f host.Files) (Config, error) {
	return load(f, []string{"/etc/chrony/chrony.conf", "/etc/chrony.conf"}, chronyIncludes)
}

// NTP reads ntpd's configuration, that of NTPsec included.
func NTP(f host.Files) (Config, error) {
	return load(f, []string{"/etc/ntpsec/ntp.conf", "/etc/ntp.conf"}, ntpIncludes)
}

// includes gives the files that a directive brings in.
type includes func(f host.Files, l Line) ([]string, error)

func load(f host.Files, places []string, more includes) (Config, error) {
	for _, p := range places {
		if _, err := f.Stat(p); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		l := loader{f: f, more: more}
		err := l.file(p, 0)
		return Config{p, l.out}, err
	}
	return Config{}, fmt.Errorf("%w: %s", fs.ErrNotExist, strings.Join(places, ", "))
}

type loader struct {
	f     host.Files
	more  includes
	out   []Line
	files int
}

func (l *loader) file(p string, depth int) error {
	if l.files++; depth > 10 || l.files > maxFiles {
		return fmt.Errorf("cannot read %s: too many includes", p)
	}
	content, err := l.f.ReadFile(p)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", p, err)
	}
	for _, line := range Parse(p, content) {
		l.out = append(l.out, line)
		files, err := l.more(l.f, line)
		if err != nil {
			return fmt.Errorf("%s:%d: %w", p, line.Line, err)
		}
		for _, f := range files {
			if err := l.file(f, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// Parse takes one file apart. chronyd takes !, ;, # and % at the start of a line for a comment, and
// ntpd # anywhere.
func Parse(p string, content []byte) []Line {
	var out []Line
	for i, text := range strings.Split(string(content), "\n") {
		t := strings.TrimSpace(text)
		if t == "" || strings.ContainsRune("!;#%", rune(t[0])) {
			continue
		}
		if i := strings.Index(t, " #"); i > 0 {
			t = t[:i]
		}
		words := strings.Fields(t)
		words[0] = strings.ToLower(words[0])
		out = append(out, Line{p, i + 1, strings.TrimRight(text, "\r"), words})
	}
	return out
}

// chronyIncludes knows include PATTERN, confdir DIR... (*.conf) and sourcedir DIR... (*.sources); of
// files with one name in several directories the first counts.
func chronyIncludes(f host.Files, l Line) ([]string, error) {
	if len(l.Words) < 2 {
		return nil, nil
	}
	switch l.Words[0] {
	case "include":
		return host.Glob(f, l.Words[1])
	case "confdir", "sourcedir":
		ext := map[string]string{"confdir": ".conf", "sourcedir": ".sources"}[l.Words[0]]
		return dirs(f, l.Words[1:], ext)
	}
	return nil, nil
}

func ntpIncludes(f host.Files, l Line) ([]string, error) {
	if len(l.Words) < 2 || l.Words[0] != "includefile" {
		return nil, nil
	}
	p := l.Words[1]
	info, err := f.Stat(p)
	if err == nil && info.Mode.IsDir() {
		return dirs(f, []string{p}, ".conf")
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return []string{p}, err
}

func dirs(f host.Files, list []string, ext string) ([]string, error) {
	var names []string
	found := map[string]string{}
	for _, dir := range list {
		entries, err := f.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot list %s: %w", dir, err)
		}
		for _, e := range entries {
			if n := e.Name(); strings.HasSuffix(n, ext) && found[n] == "" {
				found[n] = path.Join(dir, n)
				names = append(names, n)
			}
		}
	}
	slices.Sort(names)
	for i, n := range names {
		names[i] = found[n]
	}
	return names, nil
}

// Sources lists the directives that name a source of time: servers, pools, peers, and reference
// clocks such as the hypervisor's /dev/ptp_hyperv. A source in /run was handed out by DHCP and is not
// counted: it is gone at the next boot.
func (c Config) Sources() []Line {
	var out []Line
	for _, l := range c.Lines {
		switch l.Words[0] {
		case "server", "pool", "peer", "refclock":
			if len(l.Words) > 1 && !strings.HasPrefix(l.Path, "/run/") && !strings.HasPrefix(l.Words[1], "127.127.1.") {
				out = append(out, l)
			}
		}
	}
	return out
}

// Last gives the last directive of a name.
func (c Config) Last(name string) (Line, bool) {
	for _, l := range slices.Backward(c.Lines) {
		if l.Words[0] == name {
			return l, true
		}
	}
	return Line{}, false
}

// All gives every directive of a name.
func (c Config) All(name string) []Line {
	var out []Line
	for _, l := range c.Lines {
		if l.Words[0] == name {
			out = append(out, l)
		}
	}
	return out
}
