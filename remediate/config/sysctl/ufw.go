package sysctl

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// ufwFile is the file that ufw applies when it starts, or empty when ufw is not installed or off.
func ufwFile(files host.Files) (string, error) {
	if _, err := files.Stat("/usr/sbin/ufw"); errors.Is(err, fs.ErrNotExist) {
		return "", nil // its configuration stays behind when the package is removed
	} else if err != nil {
		return "", fmt.Errorf("cannot look at /usr/sbin/ufw: %w", err)
	}
	enabled, err := shellValue(files, "/etc/ufw/ufw.conf", "ENABLED")
	if err != nil || !strings.EqualFold(enabled, "yes") {
		return "", err
	}
	path, err := shellValue(files, "/etc/default/ufw", "IPT_SYSCTL")
	if err != nil || !strings.HasPrefix(path, "/") {
		return "", err
	}
	return path, nil
}

// shellValue reads an assignment from a file that a shell sources; the last one counts.
func shellValue(files host.Files, path, name string) (string, error) {
	content, err := files.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("cannot read %s: %w", path, err)
	}
	value := ""
	for _, line := range strings.Split(string(content), "\n") {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), name+"="); ok {
			value = strings.Trim(strings.TrimSpace(v), `"'`)
		}
	}
	return value, nil
}
