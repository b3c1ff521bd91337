package accounts

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// ShellsFile lists the shells that a login may have.
const ShellsFile = "/etc/shells"

// Shell is a line of /etc/shells.
type Shell struct {
	Path string
	Line int
	Text string // the line as it stands
}

// Shells reads /etc/shells as getusershell(3) does: what follows the first slash up to a blank or a
// "#", wherever it stands. Without the file there are /bin/sh and /bin/csh.
func Shells(files host.Files) ([]Shell, error) {
	content, err := files.ReadFile(ShellsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return []Shell{{Path: "/bin/sh"}, {Path: "/bin/csh"}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the shells: %w", err)
	}
	return ParseShells(content), nil
}

// ParseShells reads the content of /etc/shells.
func ParseShells(content []byte) []Shell {
	var shells []Shell
	for i, line := range strings.Split(string(content), "\n") {
		start := strings.IndexAny(line, "#/\x00")
		if start < 0 || line[start] != '/' || start+1 == len(line) {
			continue
		}
		name := line[start:]
		if end := strings.IndexAny(name, "# \t\v\f\r\x00"); end >= 0 {
			name = name[:end]
		}
		shells = append(shells, Shell{Path: name, Line: i + 1, Text: line})
	}
	return shells
}

// refusing are the programs that are set as a shell to let nobody in.
var refusing = []string{"nologin", "false", "true", "sync", "shutdown", "halt"}

// common are shells that take commands whether /etc/shells lists them or not.
var common = []string{"sh", "bash", "rbash", "dash", "ash", "ksh", "mksh", "zsh", "csh", "tcsh", "fish", "busybox", "tmux", "screen"}

// Interactive reports whether somebody who logs in with the shell can do things: one that is listed
// in /etc/shells or a shell by its name, and none of the programs that only refuse or stop. An empty
// field stands for /bin/sh.
func Interactive(shell string, listed []Shell) bool {
	if shell == "" {
		return true
	}
	name := path.Base(shell)
	if slices.Contains(refusing, name) {
		return false
	}
	return slices.Contains(common, name) || slices.ContainsFunc(listed, func(s Shell) bool { return s.Path == shell })
}
