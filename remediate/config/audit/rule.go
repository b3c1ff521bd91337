package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Field is one condition of a rule.
type Field struct{ Name, Op, Value string }

// Rule is one rule in a form in which equal meaning is mostly equal data: fields are sorted, a watch
// is a field, keys stand apart because they change nothing that is recorded.
type Rule struct {
	Line     Line
	List     string // exit, task, user, exclude, filesystem, io_uring
	Never    bool
	Front    bool     // -A puts it before the others
	Delete   bool     // -d and -W take an equal rule away
	Syscalls []string // sorted; empty means every one
	Arch     string   // b64, b32, or empty for both
	Fields   []Field  // without arch and key
	Keys     []string
}

// ParseRule reads a line that adds or deletes a rule.
func ParseRule(text string) (Rule, error) {
	var r Rule
	words := strings.Fields(text)
	watch, perms, action := "", "", false
	for i := 0; i < len(words); i++ {
		opt, arg := words[i], ""
		if len(opt) < 2 || opt[0] != '-' {
			return r, fmt.Errorf("%q is not an option of auditctl", opt)
		}
		if len(opt) > 2 {
			opt, arg = opt[:2], opt[2:] // getopt takes -F with its value in one word as well
		} else {
			i++
			if i == len(words) {
				return r, fmt.Errorf("%s lacks its value", opt)
			}
			arg = words[i]
		}
		var err error
		switch opt {
		case "-a", "-A", "-d":
			action = true
			r.Front, r.Delete = opt == "-A", opt == "-d"
			err = r.action(arg)
		case "-S":
			for _, s := range strings.Split(arg, ",") {
				if s == "" {
					err = fmt.Errorf("-S %s names no system call", arg)
				}
				r.Syscalls = append(r.Syscalls, s)
			}
		case "-F":
			err = r.field(arg)
		case "-C":
			err = r.compare(arg)
		case "-k":
			r.Keys = append(r.Keys, arg)
		case "-w", "-W":
			watch, r.Delete = arg, opt == "-W"
		case "-p":
			perms = arg
		default:
			return r, fmt.Errorf("%s is not an option of a rule", opt)
		}
		if err != nil {
			return r, err
		}
	}
	switch {
	case watch != "" && action:
		return r, errors.New("a watch and a rule stand in one line")
	case watch != "":
		if !path.IsAbs(watch) {
			return r, fmt.Errorf("%s is not an absolute path", watch)
		}
		if len(r.Syscalls) > 0 {
			return r, errors.New("a watch takes no system calls")
		}
		r.List = "exit"
		r.Fields = append(r.Fields, Field{"watch", "=", path.Clean(watch)})
		if perms == "" {
			perms = "rwxa"
		}
	case !action:
		return r, errors.New("it neither adds nor deletes a rule")
	}
	if perms != "" {
		p, err := permissions(perms)
		if err != nil {
			return r, err
		}
		r.Fields = append(r.Fields, Field{"perm", "=", p})
	}
	if slices.Contains(r.Syscalls, "all") {
		r.Syscalls = nil
	}
	slices.Sort(r.Syscalls)
	r.Syscalls = slices.Compact(r.Syscalls)
	slices.SortFunc(r.Fields, func(a, b Field) int {
		return strings.Compare(a.Name+a.Op+a.Value, b.Name+b.Op+b.Value)
	})
	r.Fields = slices.Compact(r.Fields)
	return r, nil
}

func (r *Rule) action(arg string) error {
	a, b, ok := strings.Cut(arg, ",")
	for _, w := range []string{a, b} {
		switch w {
		case "always":
		case "never":
			r.Never = true
		case "task", "exit", "user", "exclude", "filesystem", "io_uring":
			r.List = w
		default:
			ok = false
		}
	}
	if !ok || r.List == "" {
		return fmt.Errorf("%q is not a list and an action", arg)
	}
	return nil
}

// operators in the order in which they have to be tried.
func operators() []string { return []string{"!=", ">=", "<=", "&=", "=", ">", "<", "&"} }

func splitField(arg string) (Field, bool) {
	at, op := -1, ""
	for _, o := range operators() {
		if i := strings.Index(arg, o); i > 0 && (at < 0 || i < at) {
			at, op = i, o
		}
	}
	if at < 0 || at+len(op) == len(arg) {
		return Field{}, false
	}
	return Field{arg[:at], op, arg[at+len(op):]}, true
}

func (r *Rule) field(arg string) error {
	f, ok := splitField(arg)
	if !ok {
		return fmt.Errorf("-F %s is not a field, an operator and a value", arg)
	}
	switch f.Name {
	case "key":
		r.Keys = append(r.Keys, f.Value)
		return nil
	case "arch":
		if f.Op != "=" {
			break
		}
		switch f.Value {
		case "b64", "x86_64", "aarch64":
			r.Arch = "b64"
		case "b32", "i386", "i486", "i586", "i686", "arm", "armeb", "armv5tejl", "armv5tel", "armv6l", "armv7l":
			r.Arch = "b32"
		default:
			r.Arch = f.Value
		}
		return nil
	case "perm":
		p, err := permissions(f.Value)
		if err != nil {
			return err
		}
		f.Value = p
	case "path", "dir":
		if !path.IsAbs(f.Value) {
			return fmt.Errorf("%s is not an absolute path", f.Value)
		}
		f.Value = path.Clean(f.Value)
	case "auid", "loginuid", "uid", "euid", "suid", "fsuid", "obj_uid":
		if f.Name == "loginuid" {
			f.Name = "auid"
		}
		switch f.Value {
		case "unset", "-1", "4294967295":
			f.Value = "4294967295"
		case "root":
			f.Value = "0"
		}
	case "a0", "a1", "a2", "a3":
		if n, err := strconv.ParseUint(f.Value, 0, 64); err == nil {
			f.Value = strconv.FormatUint(n, 10)
		}
	case "exit":
		switch f.Value {
		case "-1", "-EPERM":
			f.Value = "-EPERM"
		case "-13", "-EACCES":
			f.Value = "-EACCES"
		}
	}
	r.Fields = append(r.Fields, f)
	return nil
}

func (r *Rule) compare(arg string) error {
	f, ok := splitField(arg)
	if !ok || f.Op != "=" && f.Op != "!=" {
		return fmt.Errorf("-C %s does not compare two fields", arg)
	}
	if f.Value < f.Name {
		f.Name, f.Value = f.Value, f.Name
	}
	r.Fields = append(r.Fields, Field{"compare " + f.Name, f.Op, f.Value})
	return nil
}

// permissions sorts the letters of -p.
func permissions(s string) (string, error) {
	out := ""
	for _, c := range "rwxa" {
		if strings.ContainsRune(strings.ToLower(s), c) {
			out += string(c)
		}
	}
	if strings.Trim(strings.ToLower(s), "rwxa") != "" || out == "" {
		return "", fmt.Errorf("%q are not permissions out of rwxa", s)
	}
	return out, nil
}

// Settle says of a watch whether it is one of a file or of a directory and all below, which auditctl
// finds out when it loads the rule.
func (r *Rule) Settle(f host.Files) {
	for i, w := range r.Fields {
		if w.Name != "watch" {
			continue
		}
		r.Fields = slices.Clone(r.Fields)
		r.Fields[i].Name = "path"
		if info, err := f.Stat(w.Value); err == nil && info.Mode.IsDir() {
			r.Fields[i].Name = "dir"
		}
	}
}

// Lacks names the directory without which the kernel refuses a rule about a path: the parent of a
// file, or the directory itself. auditctl stops at such a line. What is made at boot counts as there.
func (r Rule) Lacks(f host.Files) string {
	for _, w := range r.Fields {
		dir := w.Value
		switch w.Name {
		case "path", "watch":
			dir = path.Dir(dir)
		case "dir":
		default:
			continue
		}
		real, err := f.Resolve(dir)
		if err != nil || slices.ContainsFunc([]string{"/run/", "/dev/", "/proc/", "/sys/"}, func(p string) bool { return strings.HasPrefix(real+"/", p) }) {
			continue
		}
		if _, err := f.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return dir
		}
	}
	return ""
}

// covers reports whether a rule matches everything that another does.
func (r Rule) covers(want Rule) bool {
	if r.Arch != "" && r.Arch != want.Arch {
		return false
	}
	if len(r.Syscalls) > 0 {
		if len(want.Syscalls) == 0 {
			return false
		}
		for _, s := range want.Syscalls {
			if !slices.Contains(r.Syscalls, s) {
				return false
			}
		}
	}
	for _, f := range r.Fields {
		if !slices.ContainsFunc(want.Fields, func(w Field) bool { return w.implies(f) }) {
			return false
		}
	}
	return true
}

// implies reports whether whatever meets one condition meets the other.
func (f Field) implies(other Field) bool {
	if f == other {
		return true
	}
	if f.Op == "=" && other.Op == "=" {
		switch {
		case other.Name == "perm" && f.Name == "perm":
			return strings.Trim(f.Value, other.Value) == ""
		case other.Name == "dir" && (f.Name == "path" || f.Name == "dir"):
			return f.Value == other.Value || strings.HasPrefix(f.Value, strings.TrimSuffix(other.Value, "/")+"/")
		}
	}
	if f.Name != other.Name {
		return false
	}
	a, err := strconv.ParseUint(f.Value, 10, 32)
	if err != nil {
		return false
	}
	b, err := strconv.ParseUint(other.Value, 10, 32)
	if err != nil {
		return false
	}
	switch f.Op + " " + other.Op {
	case "= >=", ">= >=", "> >", "> >=":
		return a >= b
	case ">= >", "= >":
		return a > b
	case "= <=", "<= <=", "< <", "< <=":
		return a <= b
	case "<= <", "= <":
		return a < b
	case "= !=":
		return a != b
	case "> !=":
		return a >= b
	case ">= !=":
		return a > b
	case "< !=":
		return a <= b
	case "<= !=":
		return a < b
	}
	return false
}
