package resource

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/keyvalue"
	"github.com/nodeimage/packer-plugin-harden/remediate/config/pam"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

const (
	loginDefs = "/etc/login.defs"
	pamUmask  = "pam_umask.so"
)

// dialectOf says which libpam a system has.
func dialectOf(h host.Reader) pam.Dialect {
	os := h.Info().OS
	return pam.Dialect{Debian: os == "ubuntu" || os == "debian"}
}

// observePAM works out the mask that PAM leaves in a session of each service. It is the one that a
// command run over ssh has, since that starts no login shell.
func (u umask) observePAM(h host.Reader) (umaskPart, error) {
	var p umaskPart
	modules := pam.FindModules(h)
	// A root without its modules says nothing about them.
	installed := modules.Path("pam_unix.so") == "" || modules.Path(pamUmask) != ""
	var says []string
	for _, name := range u.services {
		s, err := pam.Load(h, dialectOf(h), name)
		if err != nil {
			return p, err
		}
		if s.Path == "" {
			continue
		}
		stack, _ := s.Stack(pam.Session)
		m, err := u.session(h, modules, stack)
		if err != nil {
			return p, err
		}
		says = append(says, fmt.Sprintf("%s sessions: %s", name, m.words))
		if m.source != nil && !slices.Contains(p.sources, *m.source) {
			p.sources = append(p.sources, *m.source)
		}
		if m.strict {
			continue
		}
		p.deviates = append(p.deviates, fmt.Sprintf("sessions of %s get %s", name, m.words))
		if !installed {
			p.changes = append(p.changes, rule.Unfixable{Subject: s.Path, Reason: pamUmask + " is not installed", Of: rule.Persisted})
			continue
		}
		c, err := u.sessionChange(h, s, stack, m.line)
		if err != nil {
			return p, err
		}
		if !slices.ContainsFunc(p.changes, func(o rule.Change) bool { return sameEdit(o, c) }) {
			p.changes = append(p.changes, c)
		}
	}
	p.says = strings.Join(says, "; ")
	return p, nil
}

func sameEdit(a, b rule.Change) bool {
	x, ok := a.(rule.EditFile)
	y, also := b.(rule.EditFile)
	if !ok || !also || x.Path != y.Path || len(x.Edits) != len(y.Edits) {
		return false
	}
	for i := range x.Edits {
		if x.Edits[i].Op != y.Edits[i].Op || x.Edits[i].Line != y.Edits[i].Line || !slices.Equal(x.Edits[i].New, y.Edits[i].New) {
			return false
		}
	}
	return true
}

// sessionMask is what a session stack leaves.
type sessionMask struct {
	strict bool
	words  string
	line   *pam.Handler // the pam_umask that has the last word
	source *rule.Source
}

func (u umask) session(h host.Reader, modules pam.Modules, stack []pam.Handler) (sessionMask, error) {
	// Walk the stack as when all goes well; a pam_umask that is jumped over does not count.
	out := pam.Simulate(stack, func(_ int, s pam.Handler) pam.Code {
		if pam.Base(s.Module) == "pam_deny.so" {
			return pam.SessionErr
		}
		return pam.Success
	})
	var last *pam.Handler
	for _, step := range out.Trace {
		if pam.Base(stack[step.Index].Module) == pamUmask && !stack[step.Index].Substack {
			last = &stack[step.Index]
		}
	}
	if last == nil || modules.Path("pam_unix.so") != "" && modules.Path(pamUmask) == "" {
		return sessionMask{strict: u.strict(inheritedMask), words: fmt.Sprintf("umask %03o, as nothing in the stack sets one", inheritedMask)}, nil
	}
	m := sessionMask{line: last, source: &rule.Source{Path: last.Path, Line: last.Line, Text: strings.Join(last.Raw, "\n"), Wins: true}}
	var arg string
	groups := false
	for _, a := range last.Args {
		key, value, has := strings.Cut(a, "=")
		switch {
		case has && strings.EqualFold(key, "umask"):
			arg = value
		case strings.EqualFold(a, "usergroups"):
			groups = true
		case strings.EqualFold(a, "nousergroups"):
			groups = false
		}
	}
	from := "its argument"
	if arg == "" {
		value, fromDefs, file, err := defaultUmask(h)
		if err != nil {
			return m, err
		}
		arg, from = value, file
		if fromDefs {
			// Ubuntu's build of the module takes USERGROUPS_ENAB where UMASK is that of login.defs.
			on, err := u.userGroups(h, modules)
			if err != nil {
				return m, err
			}
			groups = groups || on
		}
	}
	mask := inheritedMask
	if n, ok := leadingOctal(arg); ok {
		mask = n
	} else {
		from = "nothing that sets it"
	}
	m.strict = u.strict(mask)
	m.words = fmt.Sprintf("umask %03o from %s", mask, from)
	if groups {
		own := mask&^0o070 | mask>>3&0o070
		m.strict = m.strict && u.strict(own)
		m.words += fmt.Sprintf(", and %03o where the user has a group of the same name", own)
	}
	return m, nil
}

// userGroups reports whether the module heeds USERGROUPS_ENAB. Upstream's does not; where the
// module's file is not there to look at, it is taken to.
func (u umask) userGroups(h host.Reader, modules pam.Modules) (bool, error) {
	e, _, err := keyvalue.SearchKey(h, loginDefs, "USERGROUPS_ENAB")
	if err != nil || !strings.EqualFold(strings.TrimSpace(e.Value), "yes") {
		return false, err
	}
	if modules.Path(pamUmask) == "" {
		return true, nil
	}
	return modules.Mentions(pamUmask, "USERGROUPS_ENAB")
}

// defaultUmask is where pam_umask looks without an argument: the first UMASK of login.defs, then
// that of /etc/default/login.
func defaultUmask(h host.Reader) (value string, fromDefs bool, file string, err error) {
	for _, file := range []string{loginDefs, "/etc/default/login"} {
		e, ok, err := keyvalue.SearchKey(h, file, "UMASK")
		if err != nil {
			return "", false, "", err
		}
		if ok {
			return e.Value, file == loginDefs, fmt.Sprintf("%s:%d", file, e.Line), nil
		}
	}
	return "", false, "", nil
}

// leadingOctal reads a number as strtoul does in base 8.
func leadingOctal(s string) (int, bool) {
	end := 0
	for end < len(s) && s[end] >= '0' && s[end] <= '7' {
		end++
	}
	n, err := strconv.ParseUint(s[:end], 8, 32)
	return int(n) & 0o777, err == nil
}

// sessionChange gives the session its mask: by an argument of the line that is there, which also
// keeps USERGROUPS_ENAB out of it, or by a line of its own.
func (u umask) sessionChange(h host.Files, s *pam.Service, stack []pam.Handler, line *pam.Handler) (rule.Change, error) {
	arg := "umask=" + u.value
	if line != nil {
		if len(line.Raw) != 1 {
			return rule.Unfixable{Subject: fmt.Sprintf("%s:%d", line.Path, line.Line), Reason: "the line of pam_umask is continued over several lines", Of: rule.Persisted}, nil
		}
		return rule.EditFile{Path: line.Path, Edits: []rule.Edit{{Op: rule.ReplaceLine, Line: line.Line, Old: line.Raw[0], New: []string{withArgument(line.Raw[0], arg)}}}}, nil
	}
	added := []string{"session optional pam_umask.so " + arg}
	// A file that services share first. Debian's is added to at its end, which is outside the block
	// that pam-auth-update keeps.
	for _, shared := range []string{"/etc/pam.d/system-session", "/etc/pam.d/postlogin", "/etc/pam.d/system-auth"} {
		if last := lastOf(stack, shared); last != nil {
			return rule.EditFile{Path: shared, Edits: []rule.Edit{{Op: rule.InsertAfter, Line: last.Line + len(last.Raw) - 1, New: added}}}, nil
		}
	}
	path := s.Path
	if lastOf(stack, "/etc/pam.d/common-session") != nil {
		path = "/etc/pam.d/common-session"
	}
	edit, err := atEnd(h, path, added)
	return rule.EditFile{Path: path, Edits: []rule.Edit{edit}}, err
}

func lastOf(stack []pam.Handler, path string) *pam.Handler {
	for i := len(stack) - 1; i >= 0; i-- {
		if stack[i].Path == path && !stack[i].Substack {
			return &stack[i]
		}
	}
	return nil
}

// withArgument gives pam_umask's line the argument and takes what goes against it away.
func withArgument(line, arg string) string {
	code, comment := line, ""
	if i := strings.IndexByte(line, '#'); i >= 0 {
		code, comment = strings.TrimRight(line[:i], " \t"), " "+line[i:]
	}
	i := strings.Index(code, pamUmask)
	head := code[:i+len(pamUmask)]
	out := []string{head, arg}
	for _, a := range strings.Fields(code[i+len(pamUmask):]) {
		if low := strings.ToLower(a); strings.HasPrefix(low, "umask=") || low == "usergroups" {
			continue
		}
		out = append(out, a)
	}
	return strings.Join(out, " ") + comment
}

// observeDefaults is about UMASK in login.defs, from which new home directories and sessions without
// an argument get their mode. Shadow's programs take the last line and PAM's modules the first, so
// every line has to be right.
func (u umask) observeDefaults(h host.Reader) (umaskPart, error) {
	var p umaskPart
	if _, err := h.Stat(loginDefs); errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	defs, err := keyvalue.Read(h, loginDefs)
	if err != nil {
		return p, err
	}
	all := defs.All("UMASK")
	for i, e := range all {
		p.sources = append(p.sources, rule.Source{Path: e.Path, Line: e.Line, Text: e.Text, Wins: i == len(all)-1})
		bits, ok := leadingOctal(e.Value)
		shadow, err := strconv.ParseInt(e.Value, 0, 64)
		if ok && err == nil && u.strict(bits) && u.strict(int(shadow)&0o777) {
			continue
		}
		p.deviates = append(p.deviates, fmt.Sprintf("%s:%d sets UMASK %s", e.Path, e.Line, e.Value))
		p.changes = append(p.changes, rule.EditFile{Path: e.Path, Edits: []rule.Edit{{Op: rule.ReplaceLine, Line: e.Line, Old: e.Text, New: []string{e.With(u.value)}}}})
	}
	if len(all) > 0 {
		p.says = loginDefs + ": UMASK " + all[len(all)-1].Value
		return p, nil
	}
	p.says = loginDefs + ": no UMASK"
	if !u.strict(inheritedMask) {
		p.deviates = append(p.deviates, loginDefs+" sets no UMASK")
		p.changes = append(p.changes, rule.EditFile{Path: loginDefs, Create: rule.Attr{Mode: 0o644}, Edits: []rule.Edit{{Op: rule.Append, New: []string{"UMASK\t\t" + u.value}}}})
	}
	return p, nil
}

// observeAccounts looks for accounts whose GECOS field asks pam_umask for a mask of their own.
func (u umask) observeAccounts(h host.Reader) (umaskPart, error) {
	var p umaskPart
	b, err := h.ReadFile("/etc/passwd")
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return p, fmt.Errorf("cannot read /etc/passwd: %w", err)
	}
	for i, line := range strings.Split(string(b), "\n") {
		fields := strings.Split(line, ":")
		if len(fields) < 7 {
			continue
		}
		for _, g := range strings.Split(fields[4], ",") {
			if len(g) < 6 || !strings.EqualFold(g[:6], "umask=") {
				continue
			}
			bits, _ := leadingOctal(g[6:])
			if u.strict(bits) {
				continue
			}
			p.sources = append(p.sources, rule.Source{Path: "/etc/passwd", Line: i + 1, Text: line, Wins: true})
			p.deviates = append(p.deviates, fmt.Sprintf("account %s asks for umask %03o", fields[0], bits))
			p.changes = append(p.changes, rule.Unfixable{Subject: "account " + fields[0], Reason: "its entry in /etc/passwd asks for a weaker umask", Of: rule.Persisted})
		}
	}
	return p, nil
}
