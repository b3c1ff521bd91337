package pam

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Option is one setting of a module and where it comes from.
type Option struct {
	Name  string
	Value string // empty for a flag
	Path  string
	Line  int
	Text  string // the line as it stands
	Arg   bool   // it stands in the module's line, not in a configuration file
}

// String is the option as an argument.
func (o Option) String() string {
	if o.Value == "" {
		return o.Name
	}
	return o.Name + "=" + o.Value
}

// Options are the settings of one module line in the order in which the module reads them: those of
// its configuration file first, so the last of a name is the one in force.
type Options []Option

// Get gives the option in force.
func (o Options) Get(name string) (Option, bool) {
	for i := len(o) - 1; i >= 0; i-- {
		if o[i].Name == name {
			return o[i], true
		}
	}
	return Option{}, false
}

// Hashes are the arguments of pam_unix that choose how new passwords are hashed: each switches the
// others off, so the last one counts.
func Hashes() []string {
	return []string{"md5", "bigcrypt", "sha256", "sha512", "blowfish", "des", "gost_yescrypt", "yescrypt"}
}

// Hash gives pam_unix's choice; without any it is the traditional DES.
func (o Options) Hash() (Option, bool) {
	for i := len(o) - 1; i >= 0; i-- {
		if slices.Contains(Hashes(), o[i].Name) {
			return o[i], true
		}
	}
	return Option{}, false
}

// confOf names the configuration file of a module that has one.
func confOf(module string) string {
	switch module {
	case "pam_faillock.so":
		return "/etc/security/faillock.conf"
	case "pam_pwquality.so":
		return "/etc/security/pwquality.conf"
	case "pam_pwhistory.so":
		return "/etc/security/pwhistory.conf"
	case "pam_unix.so":
		return "/etc/login.defs"
	}
	return ""
}

// ReadOptions works out the settings of a module line: from its configuration file, and over them
// from its arguments. An unreadable file is an error, an absent one is not.
func ReadOptions(files host.Files, modules Modules, h Handler) (Options, error) {
	module := Base(h.Module)
	conf := confOf(module)
	var opts Options
	args := h.Args
	if module == "pam_faillock.so" || module == "pam_pwhistory.so" {
		for _, arg := range h.Args {
			if file, ok := strings.CutPrefix(arg, "conf="); ok {
				conf = file
			}
		}
	}
	switch module {
	case "pam_unix.so":
		method, err := encryptMethod(files)
		if err != nil {
			return nil, err
		}
		if h.Type == Password {
			opts = append(opts, method...)
		}
	case "pam_pwhistory.so":
		reads, err := modules.Mentions(h.Module, "pwhistory.conf")
		if err != nil {
			return nil, err
		}
		if reads {
			if opts, err = readConf(files, conf, opts); err != nil {
				return nil, err
			}
		}
	case "pam_pwquality.so":
		// libpwquality reads the directory first, so the main file has the last word
		dir := conf + ".d"
		entries, err := files.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("cannot list %s: %w", dir, err)
		}
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".conf") {
				if opts, err = readConf(files, path.Join(dir, e.Name()), opts); err != nil {
					return nil, err
				}
			}
		}
		if opts, err = readConf(files, conf, opts); err != nil {
			return nil, err
		}
	case "pam_faillock.so":
		var err error
		if opts, err = readConf(files, conf, opts); err != nil {
			return nil, err
		}
	}
	text := ""
	if len(h.Raw) > 0 {
		text = h.Raw[0]
	}
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		if module == "pam_pwhistory.so" {
			name = strings.ToLower(name)
		}
		opts = append(opts, Option{Name: name, Value: value, Path: h.Path, Line: h.Line, Text: text, Arg: true})
	}
	return opts, nil
}

// readConf reads lines of the form "name = value", "name=value" or "name", with comments after #.
func readConf(files host.Files, file string, opts Options) (Options, error) {
	b, err := files.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return opts, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", file, err)
	}
	for i, line := range splitLines(string(b)) {
		text, _, _ := strings.Cut(line, "#")
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		end := strings.IndexAny(text, " \t=")
		name, value := text, ""
		if end >= 0 {
			name = text[:end]
			value = strings.TrimLeft(text[end:], " \t")
			value = strings.TrimLeft(strings.TrimPrefix(value, "="), " \t")
		}
		opts = append(opts, Option{Name: name, Value: value, Path: file, Line: i + 1, Text: line})
	}
	return opts, nil
}

// encryptMethod is the hash of login.defs, which pam_unix takes unless an argument says otherwise.
func encryptMethod(files host.Files) (Options, error) {
	const file = "/etc/login.defs"
	b, err := files.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", file, err)
	}
	for i, line := range splitLines(string(b)) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "ENCRYPT_METHOD" {
			continue
		}
		value := strings.ToLower(strings.Trim(fields[1], `"`))
		// the first line counts, and the module compares as many characters as its own word has
		for _, hash := range Hashes() {
			if strings.HasPrefix(value, hash) {
				return Options{{Name: hash, Path: file, Line: i + 1, Text: line}}, nil
			}
		}
		return nil, nil
	}
	return nil, nil
}
