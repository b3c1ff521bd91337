package sudoers

import (
	"regexp"
	"strconv"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Version is a release of sudo; zero when it cannot be told.
type Version struct{ Major, Minor, Patch int }

// AtLeast compares releases.
func (v Version) AtLeast(major, minor, patch int) bool {
	if v.Major != major {
		return v.Major > major
	}
	if v.Minor != minor {
		return v.Minor > minor
	}
	return v.Patch >= patch
}

var release = regexp.MustCompile(`\x00(1)\.([0-9]{1,2})\.([0-9]{1,2})(?:p[0-9]{1,2})?\x00`)

// Installed finds sudo's program and the release that it holds. The program is read, never run.
func Installed(h host.Files) (Version, bool) {
	for _, path := range []string{"/usr/bin/sudo", "/bin/sudo"} {
		content, err := h.ReadFile(path)
		if err != nil {
			if _, err := h.Stat(path); err == nil {
				return Version{}, true
			}
			continue
		}
		m := release.FindSubmatch(content)
		if m == nil {
			return Version{}, true
		}
		var n [3]int
		for i := range n {
			n[i], _ = strconv.Atoi(string(m[i+1]))
		}
		return Version{n[0], n[1], n[2]}, true
	}
	return Version{}, false
}
