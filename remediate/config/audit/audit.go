// Package audit is how the rules of the Linux audit system get into the kernel at boot: the files of
// /etc/audit/rules.d as augenrules merges them, the lines as auditctl reads them, and which of two
// rules records what the other does. It has no opinions and changes nothing.
//
// The facts are those of auditctl(8), augenrules(8), audit.rules(7), of the augenrules script, and of
// the kernel's audit_filter_syscall: the first rule of a list that matches decides.
package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/unitfile"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Places of the configuration.
const (
	Dir  = "/etc/audit/rules.d"
	File = "/etc/audit/audit.rules"
)

const (
	maxFiles = 1024
	maxRules = 16384
)

// Line is one line of a rules file that is neither empty nor a comment.
type Line struct {
	Path string
	Line int
	Text string
}

func (l Line) String() string { return fmt.Sprintf("%s:%d", l.Path, l.Line) }

// Control is a setting of the audit system, such as -e, with the line that decides it.
type Control struct {
	Value string
	Line  Line
	Set   bool
}

// Config is what the kernel gets when auditd starts.
type Config struct {
	// Merged says that Dir is merged into File at every start; without it File itself is loaded.
	Merged bool
	// Lines are in the order in which auditctl gets them.
	Lines []Line
	// Rules are those in force in the end, in the order in which the kernel tries them.
	Rules                     []Rule
	Enabled, Failure, Backlog Control
	// Broken, when not empty, is the line at which auditctl gives up, and why.
	Broken string
}

// Load reads the rules of the next boot.
func Load(f host.Files) (Config, error) {
	return host.Once(f, loadKey{}, func() (Config, error) { return loadConfig(f) })
}

type loadKey struct{}

func loadConfig(f host.Files) (Config, error) {
	c := Config{Merged: true}
	names, err := ruleFiles(f)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !merges(f) {
		c.Merged = false
		lines, err := readLines(f, File)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return c, err
		}
		c.Lines = lines
		return c, c.load(f)
	}
	if err != nil {
		return c, err
	}
	var lines []Line
	for _, n := range names {
		more, err := readLines(f, n)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return c, err
		}
		lines = append(lines, more...)
	}
	c.Lines = Merge(lines)
	return c, c.load(f)
}

// merges reports whether what starts auditd runs augenrules. A unit that loads File instead says so
// with auditctl -R. audit 4 has the loading in a unit of its own.
func merges(f host.Files) bool {
	known := false
	for _, name := range []string{"auditd.service", "audit-rules.service"} {
		u, err := unitfile.Load(f, name)
		if err != nil {
			continue
		}
		for _, key := range []string{"ExecStart", "ExecStartPre", "ExecStartPost"} {
			for _, a := range u.List("Service", key) {
				if strings.Contains(a.Value, "augenrules") {
					return true
				}
				known = known || strings.Contains(a.Value, "auditctl") && strings.Contains(a.Value, "-R")
			}
		}
	}
	return !known
}

// ruleFiles lists the files of Dir in the order in which augenrules reads them.
func ruleFiles(f host.Files) ([]string, error) {
	entries, err := f.ReadDir(Dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		return nil, fmt.Errorf("cannot list %s: %w", Dir, err)
	}
	var names []string
	for _, e := range entries {
		// The script splits the list at blanks, so such a file is never found.
		if n := e.Name(); strings.HasSuffix(n, ".rules") && n[0] != '.' && !strings.ContainsAny(n, " \t\n*?[") {
			names = append(names, n)
		}
	}
	if len(names) > maxFiles {
		return nil, fmt.Errorf("cannot read %s: more than %d files", Dir, maxFiles)
	}
	slices.SortStableFunc(names, versionCompare)
	for i, n := range names {
		names[i] = path.Join(Dir, n)
	}
	return names, nil
}

func readLines(f host.Files, file string) ([]Line, error) {
	content, err := f.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", file, err)
	}
	return ParseLines(file, content), nil
}

// ParseLines leaves out what is empty or a comment.
func ParseLines(file string, content []byte) []Line {
	var lines []Line
	for i, text := range strings.Split(string(content), "\n") {
		if t := strings.TrimSpace(text); t != "" && t[0] != '#' {
			lines = append(lines, Line{file, i + 1, strings.TrimRight(text, "\r")})
		}
	}
	return lines
}

// Merge orders lines as augenrules does: the last -D alone, -b and -f come first, the last -e comes
// last, and the others stay as they are. An earlier -D, -b, -f or -e of another file is dropped.
func Merge(lines []Line) []Line {
	var d, b, fl, e *Line
	var rest []Line
	for _, l := range lines {
		t := strings.TrimSpace(l.Text)
		switch {
		case strings.HasPrefix(t, "-e"):
			e = &l
		case t == "-D":
			d = &l
		case strings.HasPrefix(t, "-f"):
			fl = &l
		case strings.HasPrefix(t, "-b"):
			b = &l
		default:
			rest = append(rest, l)
		}
	}
	var out []Line
	for _, first := range []*Line{d, b, fl} {
		if first != nil {
			out = append(out, *first)
		}
	}
	out = append(out, rest...)
	if e != nil {
		out = append(out, *e)
	}
	return out
}

// load goes through the lines as auditctl -R does.
func (c *Config) load(f host.Files) error {
	goOn := false
	locked := ""
	broken := func(l Line, why string) bool {
		if goOn {
			return false
		}
		c.Broken = fmt.Sprintf("%s: %s", l, why)
		return true
	}
	for _, l := range c.Lines {
		if len(c.Rules) > maxRules {
			return fmt.Errorf("cannot read the audit rules: more than %d", maxRules)
		}
		if locked != "" {
			if broken(l, "the configuration is locked by "+locked) {
				return nil
			}
			continue
		}
		words := strings.Fields(l.Text)
		arg := ""
		if len(words) > 1 {
			arg = words[1]
		}
		switch words[0] {
		case "-i", "-c":
			goOn = true
		case "-e", "-f", "-b":
			if _, err := strconv.ParseUint(arg, 10, 31); err != nil || len(words) != 2 {
				if broken(l, words[0]+" needs a number") {
					return nil
				}
				continue
			}
			control := Control{arg, l, true}
			switch words[0] {
			case "-f":
				c.Failure = control
			case "-b":
				c.Backlog = control
			default:
				c.Enabled = control
				if arg == "2" {
					locked = l.String()
				}
			}
		case "-r", "--backlog_wait_time", "--reset-lost", "--loginuid-immutable", "-t", "-q", "-m", "-s", "-l", "-v", "--signal":
		case "-D":
			if len(words) == 3 && words[1] == "-k" {
				c.Rules = slices.DeleteFunc(c.Rules, func(r Rule) bool { return slices.Contains(r.Keys, words[2]) })
				continue
			}
			c.Rules = nil
		default:
			r, err := ParseRule(l.Text)
			if err != nil {
				if broken(l, err.Error()) {
					return nil
				}
				continue
			}
			r.Line = l
			r.Settle(f)
			if dir := r.Lacks(f); dir != "" && !r.Delete {
				if broken(l, dir+" does not exist, so the kernel refuses the rule") {
					return nil
				}
				continue
			}
			c.add(r)
		}
	}
	return nil
}

func (c *Config) add(r Rule) {
	switch {
	case r.Delete:
		c.Rules = slices.DeleteFunc(c.Rules, func(o Rule) bool { return o.List == r.List && o.Never == r.Never && o.covers(r) && r.covers(o) })
	case r.Front:
		c.Rules = slices.Insert(c.Rules, 0, r)
	default:
		c.Rules = append(c.Rules, r)
	}
}

// Recorded says how far the rules record what a wanted one does.
type Recorded struct {
	By      []Rule   // the rules that record it, in order
	Missing []string // system calls that nothing records; "all" for a rule about every one
	// Blocked is a rule that comes before and keeps everything that is wanted out of the log.
	Blocked *Rule
}

// Complete reports whether everything is recorded.
func (r Recorded) Complete() bool { return len(r.Missing) == 0 && r.Blocked == nil }

// Look compares a wanted rule with those in force, one system call at a time.
func (c Config) Look(want Rule) Recorded {
	var out Recorded
	for _, r := range c.Rules {
		if r.List == "task" && r.Never && len(r.Fields) == 0 && want.List == "exit" {
			out.Blocked = &r
			return out
		}
	}
	calls := want.Syscalls
	if len(calls) == 0 {
		calls = []string{"all"}
	}
	for _, call := range calls {
		one := want
		one.Syscalls = nil
		if call != "all" {
			one.Syscalls = []string{call}
		}
		found := false
		for _, r := range c.Rules {
			if r.List != want.List || !r.covers(one) {
				continue
			}
			if r.Never != want.Never {
				out.Blocked = &r
				return out
			}
			found = true
			if !slices.ContainsFunc(out.By, func(o Rule) bool { return o.Line == r.Line }) {
				out.By = append(out.By, r)
			}
			break
		}
		if !found {
			out.Missing = append(out.Missing, call)
		}
	}
	return out
}
