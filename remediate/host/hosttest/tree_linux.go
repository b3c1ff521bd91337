package hosttest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// copyTree copies directories, files and links. Modes become those that git would give.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		switch {
		case d.IsDir():
			if err := os.MkdirAll(target, 0o755); err != nil {
				return err
			}
			return os.Chmod(target, 0o755)
		case d.Type()&fs.ModeSymlink != 0:
			text, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(text, target)
		case d.Type().IsRegular():
			return copyFile(path, target)
		}
		return fmt.Errorf("cannot copy %s: neither file, directory nor link", path)
	})
}

func copyFile(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.WriteFile(to, content, 0o644); err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if info.Mode()&0o100 != 0 {
		mode = 0o755
	}
	return os.Chmod(to, mode)
}

type pathAttr struct {
	path string
	attr rule.Attr
}

// readAttrs reads lines such as "0600 0:42 /etc/shadow". A file that is absent lists nothing.
func readAttrs(file string) ([]pathAttr, error) {
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var attrs []pathAttr
	for i, line := range strings.Split(string(content), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		path, attr, err := ParseAttr(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, i+1, err)
		}
		attrs = append(attrs, pathAttr{path, attr})
	}
	return attrs, nil
}

// ParseAttr reads a line such as "0600 0:42 /etc/shadow".
func ParseAttr(line string) (path string, attr rule.Attr, err error) {
	fields := strings.SplitN(line, " ", 3)
	if len(fields) != 3 || !strings.HasPrefix(fields[2], "/") {
		return "", attr, fmt.Errorf("want MODE UID:GID /PATH, not %q", line)
	}
	bits, err := strconv.ParseUint(fields[0], 8, 12)
	if err != nil {
		return "", attr, err
	}
	attr.Mode = fs.FileMode(bits & 0o777)
	for bit, flag := range []fs.FileMode{fs.ModeSticky, fs.ModeSetgid, fs.ModeSetuid} {
		if bits&(0o1000<<bit) != 0 {
			attr.Mode |= flag
		}
	}
	user, group, _ := strings.Cut(fields[1], ":")
	if attr.UID, err = strconv.Atoi(user); err != nil {
		return "", attr, err
	}
	if attr.GID, err = strconv.Atoi(group); err != nil {
		return "", attr, err
	}
	return fields[2], attr, nil
}
