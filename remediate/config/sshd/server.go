package sshd

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Program and ConfigPath are where every supported platform has the server and its configuration.
const (
	Program    = "/usr/sbin/sshd"
	ConfigPath = "/etc/ssh/sshd_config"
	configDir  = "/etc/ssh"
)

// Server is the OpenSSH server of a root file system: what its program says about itself.
type Server struct {
	Version Version
	// Program is the path of the server, or empty when the version is that of the platform.
	Program string

	binary []byte
}

// ErrUnknownVersion is returned by Find when neither the program nor the platform tells the version.
var ErrUnknownVersion = errors.New("version of the OpenSSH server is unknown")

// release is how the program spells its own version. Without the p the text is one of the patterns
// for faulty clients (compat.c), which name many other versions.
var release = regexp.MustCompile(`OpenSSH_([0-9]{1,2})\.([0-9]{1,2})p[0-9]`)

// Find tells which OpenSSH server a root holds. The program itself is read, not run; where it is
// absent or unreadable as such, the platform's release decides. ok is false when there is neither a
// program nor a configuration: no server is installed.
func Find(files host.Files, info host.Info) (server Server, ok bool, err error) {
	binary, err := files.ReadFile(Program)
	switch {
	case err == nil:
		if m := release.FindSubmatch(binary); m != nil {
			major, _ := strconv.Atoi(string(m[1]))
			minor, _ := strconv.Atoi(string(m[2]))
			return Server{Version: Version{major, minor}, Program: Program, binary: binary}, true, nil
		}
	case errors.Is(err, fs.ErrNotExist):
		if _, err := files.Stat(ConfigPath); err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return Server{}, false, nil
			}
			return Server{}, false, fmt.Errorf("cannot look at %s: %w", ConfigPath, err)
		}
	case errors.Is(err, host.ErrTooLarge), errors.Is(err, host.ErrNotRegular):
	default:
		return Server{}, false, fmt.Errorf("cannot read %s: %w", Program, err)
	}
	v, known := platformVersion(info)
	if !known {
		return Server{}, false, fmt.Errorf("%w: %s does not say, and platform %s %s is not one of ours",
			ErrUnknownVersion, Program, info.OS, info.Version)
	}
	return Server{Version: v}, true, nil
}

// platformVersion is the OpenSSH release that a platform ships.
func platformVersion(info host.Info) (Version, bool) {
	switch info.OS + " " + info.Version {
	case "ubuntu 16.04":
		return Version{7, 2}, true
	case "ubuntu 18.04":
		return Version{7, 6}, true
	case "ubuntu 20.04":
		return Version{8, 2}, true
	case "ubuntu 22.04":
		return Version{8, 9}, true
	case "ubuntu 24.04":
		return Version{9, 6}, true
	case "debian 11":
		return Version{8, 4}, true
	case "debian 12":
		return Version{9, 2}, true
	case "debian 13":
		return Version{10, 0}, true
	case "mariner 2.0":
		return Version{8, 9}, true
	case "azurelinux 3.0":
		return Version{9, 8}, true
	}
	return Version{}, false
}

// mentions reports whether the program holds a word as a string of its own, or the end of one.
func (s Server) mentions(word string) bool {
	return bytes.Contains(s.binary, append([]byte(word), 0))
}

// literal finds the shortest string of the program that is a comma-separated list holding the given
// name and nothing but algorithm names. Distributions patch their lists, also in updates, so what is
// compiled in is the truth about the defaults.
func (s Server) literal(name string) string {
	best := ""
	needle := []byte(name + ",")
	for rest := s.binary; ; {
		at := bytes.Index(rest, needle)
		if at < 0 {
			return best
		}
		start := bytes.LastIndexByte(rest[:at], 0) + 1
		end := bytes.IndexByte(rest[at:], 0)
		if end < 0 {
			return best
		}
		found := rest[start : at+end]
		rest = rest[at+end:]
		if len(found) > 4096 || !algorithmList(found) {
			continue
		}
		if best == "" || len(found) < len(best) {
			best = string(found)
		}
	}
}

// algorithmList reports whether text is a list of at least three names, none of them a pattern.
func algorithmList(text []byte) bool {
	for _, c := range text {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '@', c == '.', c == ',':
		default:
			return false
		}
	}
	names := strings.Split(string(text), ",")
	for _, n := range names {
		if n == "" {
			return false
		}
	}
	return len(names) >= 3
}
