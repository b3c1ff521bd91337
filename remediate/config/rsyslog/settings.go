package rsyslog

import (
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// Statement is one statement of the configuration as it stands.
type Statement struct {
	Path       string
	Line, Last int    // a statement may span lines
	Text       string // joined, without comments
	Raw        string // the first line as it stands
}

// Log is a file that messages go to, with the mode that it gets when rsyslogd creates it.
type Log struct {
	Statement Statement
	File      string
	Mode      fs.FileMode
	// Setter is the statement that decides the mode: a directive, a module's parameter, or the action
	// itself. Nil means that the built-in 0644 holds.
	Setter *Statement
	// Script says that the action is written as action(): the directive $FileCreateMode is not for it.
	Script bool
}

var (
	modeDirective = regexp.MustCompile(`(?i)^\$FileCreateMode\s+([0-7]+)\s*$`)
	maskDirective = regexp.MustCompile(`(?i)^\$umask\s+([0-7]+)\s*$`)
	resetAll      = regexp.MustCompile(`(?i)^\$ResetConfigVariables\b`)
	modeParameter = regexp.MustCompile(`(?i)\bfileCreateMode\s*=\s*"([0-7]+)"`)
	omfileModule  = regexp.MustCompile(`(?i)^module\s*\(.*\bload\s*=\s*"builtin:omfile"`)
	fileParameter = regexp.MustCompile(`(?i)\b(?:file|dynafile)\s*=\s*"([^"]*)"`)
	typeParameter = regexp.MustCompile(`(?i)\btype\s*=\s*"([^"]*)"`)
	actionObject  = regexp.MustCompile(`(?i)\baction\s*\(([^)]*)\)`)
	legacyFile    = regexp.MustCompile(`(?:^|[\s{])-?(/[^\s;{}"]+)`)
	legacyAction  = regexp.MustCompile(`^([A-Za-z0-9*,]+\.[A-Za-z0-9*,.;=!]+|&|:|if\b)`)
)

// Logs lists the files that are written. $FileCreateMode counts for the lines after it, and for
// action() the module's own parameter; the last $umask counts for all, and 0022 without one, which is
// what systemd gives a service. rsyslogd 8.2302 was seen to do so.
func (c *Config) Logs() []Log {
	mask := fs.FileMode(0o022)
	module := Log{Mode: 0o644}
	for _, st := range c.Statements {
		if m := maskDirective.FindStringSubmatch(st.Text); m != nil {
			mask = octal(m[1])
		}
		if m := modeParameter.FindStringSubmatch(st.Text); m != nil && omfileModule.MatchString(st.Text) {
			module.Mode, module.Setter = octal(m[1]), &st
		}
	}
	var out []Log
	legacy := Log{Mode: 0o644}
	for _, st := range c.Statements {
		switch {
		case resetAll.MatchString(st.Text):
			legacy = Log{Mode: 0o644, Setter: &st}
			continue
		case modeDirective.MatchString(st.Text):
			legacy = Log{Mode: octal(modeDirective.FindStringSubmatch(st.Text)[1]), Setter: &st}
			continue
		}
		for _, a := range actionObject.FindAllStringSubmatch(st.Text, -1) {
			kind := typeParameter.FindStringSubmatch(a[1])
			file := fileParameter.FindStringSubmatch(a[1])
			if kind == nil || file == nil || !strings.EqualFold(kind[1], "omfile") {
				continue
			}
			l := Log{Statement: st, File: file[1], Mode: module.Mode, Setter: module.Setter, Script: true}
			if m := modeParameter.FindStringSubmatch(a[1]); m != nil {
				l.Mode, l.Setter = octal(m[1]), &st
			}
			out = append(out, l)
		}
		rest := actionObject.ReplaceAllString(st.Text, " ")
		if !legacyAction.MatchString(st.Text) {
			continue
		}
		for _, f := range legacyFile.FindAllStringSubmatch(unquoted(rest), -1) {
			out = append(out, Log{Statement: st, File: f[1], Mode: legacy.Mode, Setter: legacy.Setter})
		}
	}
	for i := range out {
		out[i].Mode &^= mask
		if strings.HasPrefix(path.Clean(out[i].File), "/dev/") {
			out[i].Mode = 0 // never created
		}
	}
	return out
}

// unquoted takes what stands in quotes out of a statement.
func unquoted(s string) string {
	var b strings.Builder
	quoted := byte(0)
	for i := range len(s) {
		switch c := s[i]; {
		case quoted == 0 && (c == '"' || c == '\''):
			quoted = c
		case c == quoted:
			quoted = 0
		case quoted == 0:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func octal(s string) fs.FileMode {
	n, err := strconv.ParseUint(s, 8, 12)
	if err != nil {
		return 0o777 // a number that is too large hides nothing
	}
	return fs.FileMode(n & 0o777)
}

var (
	inputObject    = regexp.MustCompile(`(?i)^input\s*\(.*\btype\s*=\s*"(imtcp|imudp|imptcp|imrelp|imgssapi|im3195|imdtls|imhttp)"`)
	inputDirective = regexp.MustCompile(`(?i)^\$(InputTCPServerRun|UDPServerRun|InputPTCPServerRun|InputRELPServerRun|InputGSSServerRun|Input3195ListenPort)\b`)
	outputObject   = regexp.MustCompile(`(?i)\baction\s*\([^)]*\btype\s*=\s*"(omfwd|omrelp|omgssapi|omhttp|omkafka|omelasticsearch|omdtls)"`)
	outputLegacy   = regexp.MustCompile(`(?:^|\s)(?:-?@@?[\[(\w]|:om(?:relp|gssapi):)`)
)

// Receivers lists the statements that make rsyslogd listen to the network. A module that is loaded
// and has no input does not.
func (c *Config) Receivers() []Statement {
	var out []Statement
	for _, st := range c.Statements {
		if inputObject.MatchString(st.Text) || inputDirective.MatchString(st.Text) {
			out = append(out, st)
		}
	}
	return out
}

// Senders lists the statements that send messages to other machines.
func (c *Config) Senders() []Statement {
	var out []Statement
	for _, st := range c.Statements {
		if outputObject.MatchString(st.Text) || legacyAction.MatchString(st.Text) && outputLegacy.MatchString(unquoted(st.Text)) {
			out = append(out, st)
		}
	}
	return out
}
