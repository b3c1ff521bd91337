package grub

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/shell"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

var hash = regexp.MustCompile(`^grub\.pbkdf2\.sha512\.[1-9][0-9]{3,9}\.[0-9A-Fa-f]{16,}\.[0-9A-Fa-f]{16,}$`)

// IsHash reports whether a text is what grub-mkpasswd-pbkdf2 prints, or stands for one that is made when
// the file is written.
func IsHash(s string) bool { return s == rule.GrubPassword || hash.MatchString(s) }

// HoldsSecret reports whether a file's lines include a hash, and so are not for showing.
func HoldsSecret(content []byte) bool { return strings.Contains(string(content), "grub.pbkdf2.") }

// Settings are what the generator starts from.
type Settings struct {
	// Exists says that there is a generator, or settings for one.
	Exists bool
	// DropIns says that the generator, or /etc/default/grub itself, reads /etc/default/grub.d.
	DropIns bool

	result shell.Result
}

// LoadSettings evaluates /etc/default/grub and the files that are read after it. grub-mkconfig of Debian and
// Ubuntu sources /etc/default/grub.d/*.cfg; on Azure Linux /etc/default/grub does so itself.
func LoadSettings(h host.Files) (Settings, error) {
	return host.Once(h, loadSettingsKey{}, func() (Settings, error) { return loadSettings(h) })
}

type loadSettingsKey struct{}

func loadSettings(h host.Files) (Settings, error) {
	var s Settings
	paths := []string{Defaults}
	generator, err := generator(h)
	if err != nil {
		return s, err
	}
	_, err = h.Stat(Defaults)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s, fmt.Errorf("cannot read %s: %w", Defaults, err)
	}
	s.Exists = err == nil || generator != ""
	config, err := Find(h)
	if err != nil {
		return s, err
	}
	reads := strings.Contains(generator, "/default/grub.d") || generator == "" && config == "/boot/grub/grub.cfg"
	if reads {
		entries, err := h.ReadDir(DefaultsDir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return s, fmt.Errorf("cannot read %s: %w", DefaultsDir, err)
		}
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".cfg") && !strings.HasPrefix(e.Name(), ".") {
				paths = append(paths, DefaultsDir+"/"+e.Name())
			}
		}
	}
	s.result, err = shell.Sourced(h, paths, map[string]string{"GRUB_CMDLINE_LINUX": "", "GRUB_CMDLINE_LINUX_DEFAULT": "", "GRUB_DEFAULT": ""})
	return s, err
}

// generator gives the text of grub-mkconfig, or "" where there is none.
func generator(h host.Files) (string, error) {
	for _, p := range []string{"/usr/sbin/grub-mkconfig", "/usr/sbin/grub2-mkconfig", "/sbin/grub-mkconfig"} {
		content, err := h.ReadFile(p)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("cannot read %s: %w", p, err)
		}
		return string(content), nil
	}
	return "", nil
}

// Value lists what a setting may come to; more than one where a condition cannot be told.
func (s Settings) Value(name string) []shell.Value { return s.result.Variable(name) }

// Script is a program of /etc/grub.d, whose output is a part of grub.cfg.
type Script struct {
	Path  string
	Lines []string
}

// LoadScripts reads the programs that the generator would run, in its order.
func LoadScripts(h host.Files) ([]Script, error) {
	return host.Once(h, loadScriptsKey{}, func() ([]Script, error) { return loadScripts(h) })
}

type loadScriptsKey struct{}

func loadScripts(h host.Files) ([]Script, error) {
	entries, err := h.ReadDir(Scripts)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", Scripts, err)
	}
	var out []Script
	for _, e := range entries {
		p := Scripts + "/" + e.Name()
		info, err := h.Stat(p)
		if err != nil || !info.Mode.IsRegular() || info.Mode&0o111 == 0 || leftOut(e.Name()) {
			continue
		}
		content, err := h.ReadFile(p)
		if err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", p, err)
		}
		out = append(out, Script{Path: p, Lines: strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")})
	}
	return out, nil
}

// leftOut: the generator passes over copies that editors and package managers make.
func leftOut(name string) bool {
	if strings.HasSuffix(name, "~") || strings.HasPrefix(name, "#") || strings.HasPrefix(name, "README") {
		return true
	}
	for _, end := range []string{".dpkg-dist", ".dpkg-old", ".dpkg-new", ".dpkg-tmp", ".rpmsave", ".rpmnew", ".sig"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

// Argument finds the value of a kernel argument; the kernel takes the last, and a dash for an underscore.
func Argument(args []string, name string) (value string, present bool) {
	plain := strings.NewReplacer("-", "_")
	for _, a := range args {
		key, v, _ := strings.Cut(a, "=")
		if plain.Replace(key) == plain.Replace(name) {
			value, present = strings.Trim(v, `"`), true
		}
	}
	return value, present
}
