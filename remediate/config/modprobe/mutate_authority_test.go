//go:build authority

package modprobe

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/internal/mutate"
)

// TestMutatedConfigurationsAreReadAsModprobeReadsThem changes real configurations at random: modprobe --showconfig
// shows what we read. It refuses nothing, it passes over what it does not understand.
func TestMutatedConfigurationsAreReadAsModprobeReadsThem(t *testing.T) {
	kernel := kernelTree(t)
	softdeps, err := os.ReadFile(filepath.Join(kernel, "lib/modules", release, "modules.softdep"))
	if err != nil {
		t.Fatal(err)
	}
	k := Kernel{Softdeps: parse(softdeps, "", "", softdepName)}
	texts := []string{
		"# comment\nblacklist usb-storage\ninstall usb-storage /bin/false\n\nalias char-major-10-* off\noptions bonding max_bonds=0\n",
		"install cramfs /bin/true # not needed\ninstall sctp /sbin/modprobe --ignore-install sctp $CMDLINE_OPTS && { /sbin/sysctl -q x; }\nremove sctp /bin/true\n",
		"softdep alpha pre: beta-x post: delta\nsoftdep delta pre: a b-c\nblacklist beta_x\ninstall beta-x \\\n  /bin/false\n",
	}
	for _, pattern := range []string{"../../../examples/lab/shapes/*/etc/modprobe.d/*.conf", "/etc/modprobe.d/*.conf", "/usr/lib/modprobe.d/*.conf", "/lib/modprobe.d/*.conf"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, string(content))
		}
	}
	drawn, lines := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		files := map[string]string{}
		for _, path := range []string{"etc/a.conf", "usr-lib/b.conf"} {
			files[path] = mutate.Text(rt, texts)
			// kmod prints nonsense, beyond the end of a list, where a softdep says pre: or post: twice.
			if twice.MatchString(files[path]) {
				return
			}
		}
		c, args := setUp(t, kernel, files)
		// modprobe shows what a softdep asks for as it is written, and makes it the module's name as it looks for it.
		theirs, ours := plainSoftdeps(showConfig(t, args)), ourConfig(c, k)
		if theirs != ours {
			rt.Fatalf("modprobe shows\n%s\nwe read\n%s\nof %q", theirs, ours, files)
		}
		drawn++
		lines += strings.Count(theirs, "\n")
	})
	if lines < drawn {
		t.Errorf("modprobe shows %d lines of %d configurations: too little is compared", lines, drawn)
	}
	t.Logf("figure: configurations compared with modprobe --showconfig, changed at random: %d", drawn)
}

var twice = regexp.MustCompile(`pre:[^\n]*pre:|post:[^\n]*(pre|post):`)

func plainSoftdeps(config string) string {
	lines := strings.Split(config, "\n")
	for i, line := range lines {
		words := strings.Split(line, " ")
		for j := 2; words[0] == "softdep" && j < len(words); j++ {
			words[j] = Underscores(words[j])
		}
		lines[i] = strings.Join(words, " ")
	}
	return strings.Join(lines, "\n")
}
