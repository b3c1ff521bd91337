//go:build authority

package modprobe

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

// These tests need the Debian packages kmod and gcc.

const release = "6.8.0-authority"

// kernelTree makes a kernel with the modules alpha, beta-x and gamma, of which gamma is built in, and
// beta-x asks for alpha.
func kernelTree(t *testing.T) string {
	root := t.TempDir()
	dir := filepath.Join(root, "lib/modules", release)
	if err := os.MkdirAll(filepath.Join(dir, "kernel"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, info := range map[string]string{"alpha": "alias=fs-alpha", "beta-x": "softdep=pre: alpha", "delta": "alias=delta-*"} {
		src := filepath.Join(root, name+".c")
		code := fmt.Sprintf("const char info[] __attribute__((section(\".modinfo\"),used)) = %q;\n", info)
		if err := os.WriteFile(src, []byte(code), 0o600); err != nil {
			t.Fatal(err)
		}
		run(t, "gcc", "-c", src, "-o", filepath.Join(dir, "kernel", name+".ko"))
	}
	if err := os.WriteFile(filepath.Join(dir, "modules.builtin"), []byte("kernel/gamma.ko\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "/sbin/depmod", "-b", root, release)
	return root
}

func run(t testing.TB, argv ...string) string {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, stderr.String())
	}
	return string(out)
}

var (
	moduleNames = []string{"alpha", "beta-x", "beta_x", "delta", "gamma", "nowhere"}
	authDirs    = []string{"etc", "usr-local", "usr-lib"}
)

// drawConfig gives files by directory and name.
func drawConfig(t *rapid.T) map[string]string {
	name := rapid.SampledFrom([]string{"a.conf", "b.conf", "modules.conf", "z.conf", ".h.conf", "c.cnf", "10-x.conf"})
	module := rapid.OneOf(rapid.SampledFrom(moduleNames), rapid.SampledFrom([]string{"al*", "[a-b]*", "beta?x", "*", "al[!p]ha", "beta[-]x", "d\\elta"}))
	line := rapid.Custom(func(t *rapid.T) string {
		m := module.Draw(t, "module")
		lead := rapid.SampledFrom([]string{"", "", " ", "\t"}).Draw(t, "lead")
		gap := rapid.SampledFrom([]string{" ", " ", "\t", "  ", " \\\n "}).Draw(t, "gap")
		text := rapid.SampledFrom([]string{
			"install" + gap + m + gap + "/bin/false",
			"install" + gap + m + gap + "/bin/true",
			"install" + gap + m + " /sbin/modprobe -i x",
			"install" + gap + m,
			"blacklist" + gap + m,
			"blacklist" + gap + m + " more",
			"softdep" + gap + m + " pre: delta post: alpha",
			"softdep" + gap + m + " pre:",
			"softdep " + m + " delta",
			"options" + gap + m + gap + "a=1\tb=2",
			"remove " + m + " /bin/true",
			"alias other-" + m + " delta",
			"# install " + m + " /bin/false",
			"nonsense " + m,
			"",
		}).Draw(t, "line")
		return lead + text
	})
	files := map[string]string{}
	for i := range rapid.IntRange(1, 5).Draw(t, "files") {
		path := rapid.SampledFrom(authDirs).Draw(t, fmt.Sprintf("dir%d", i)) + "/" + name.Draw(t, fmt.Sprintf("name%d", i))
		content := strings.Join(rapid.SliceOfN(line, 0, 5).Draw(t, "lines"), "\n")
		if rapid.Bool().Draw(t, "ended") {
			content += "\n"
		}
		files[path] = content
	}
	return files
}

// setUp writes a drawn configuration for modprobe and for us, and gives modprobe's arguments.
func setUp(t *testing.T, kernel string, files map[string]string) (*Config, []string) {
	f := hosttest.Tree(t, "")
	args := []string{"-d", kernel, "-S", release}
	var dirs []string
	for _, d := range authDirs {
		f.Mkdir("/" + d)
		dirs = append(dirs, "/"+d)
		args = append(args, "-C", f.Dir()+"/"+d)
	}
	for path, content := range files {
		f.Write("/"+path, content)
	}
	c, err := LoadDirs(f, dirs...)
	if err != nil {
		t.Fatal(err)
	}
	return c, args
}

func TestTheConfigurationIsWhatModprobeShows(t *testing.T) {
	kernel := kernelTree(t)
	softdeps, err := os.ReadFile(filepath.Join(kernel, "lib/modules", release, "modules.softdep"))
	if err != nil {
		t.Fatal(err)
	}
	k := Kernel{Softdeps: parse(softdeps, "", "", softdepName)}
	rapid.Check(t, func(rt *rapid.T) {
		c, args := setUp(t, kernel, drawConfig(rt))
		if theirs, ours := showConfig(t, args), ourConfig(c, k); theirs != ours {
			rt.Errorf("modprobe shows\n%s\nwe read\n%s", theirs, ours)
		}
	})
}

// showConfig is what modprobe reads, without what comes from the kernel's command line.
func showConfig(t *testing.T, args []string) string {
	shown := run(t, append([]string{"/sbin/modprobe", "--showconfig"}, args...)...)
	shown, _, _ = strings.Cut(shown, "\n# End of configuration files.")
	var lines []string
	for _, line := range strings.Split(shown, "\n") {
		// Options of the kernel's command line are shown as well.
		switch command, _, _ := strings.Cut(line, " "); command {
		case "install", "blacklist", "alias", "remove", "softdep":
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// ourConfig is what we read, in the order in which modprobe shows it.
func ourConfig(c *Config, k Kernel) string {
	var lines []string
	for _, command := range []string{"blacklist", "install", "remove", "alias", "softdep"} {
		for _, e := range withSoftdeps(c, k) {
			if e.Command == command {
				lines = append(lines, show(e))
			}
		}
	}
	return strings.Join(lines, "\n")
}

// withSoftdeps is the whole configuration in order.
func withSoftdeps(c *Config, k Kernel) []Entry {
	var all []Entry
	for i, e := range c.Entries {
		if e.Base > softdepName && (i == 0 || c.Entries[i-1].Base <= softdepName) {
			all = append(all, k.Softdeps...)
		}
		all = append(all, e)
	}
	if n := len(c.Entries); n == 0 || c.Entries[n-1].Base <= softdepName {
		all = append(all, k.Softdeps...)
	}
	return all
}

func show(e Entry) string {
	line := e.Command + " " + e.Name
	switch e.Command {
	case "softdep":
		line += " "
		pre, post := e.Pre(), e.Post()
		// modprobe prints no blank between the two parts.
		if len(pre) > 0 {
			line += "pre: " + strings.Join(pre, " ")
		}
		if len(post) > 0 {
			line += "post: " + strings.Join(post, " ")
		}
	case "blacklist":
	default:
		line += " " + e.Value
	}
	return line
}

// TestModprobeDoesWhatWeSay asks modprobe what it would do for every module and compares.
func TestModprobeDoesWhatWeSay(t *testing.T) {
	kernel := kernelTree(t)
	f := hosttest.Tree(t, "")
	for _, name := range []string{"modules.dep", "modules.builtin", "modules.softdep"} {
		content, err := os.ReadFile(filepath.Join(kernel, "lib/modules", release, name))
		if err != nil {
			t.Fatal(err)
		}
		f.Write("/lib/modules/"+release+"/"+name, string(content))
	}
	kernels, err := Kernels(f)
	if err != nil || len(kernels) != 1 {
		t.Fatal(kernels, err)
	}
	k := kernels[0]
	for _, module := range []string{"alpha", "beta_x", "delta"} {
		if p, _, err := k.Find(f, module); p != Loadable || err != nil {
			t.Fatalf("%s is %s, %v", module, p, err)
		}
	}
	if p, _, _ := k.Find(f, "gamma"); p != BuiltIn {
		t.Fatalf("gamma is %s", p)
	}
	rapid.Check(t, func(rt *rapid.T) {
		files := drawConfig(rt)
		c, args := setUp(t, kernel, files)
		for _, module := range []string{"alpha", "beta_x", "delta"} {
			shown := run(t, append(append([]string{"/sbin/modprobe", "--show-depends"}, args...), module)...)
			file := strings.ReplaceAll(module, "_x", "-x") + ".ko"
			inserts := strings.Contains(shown, "/kernel/"+file)
			install, ok := c.Install(module)
			softdep, has := c.Softdep(module, k)
			stopped := ok && !(has && len(softdep.Pre())+len(softdep.Post()) > 0)
			if inserts == stopped {
				rt.Errorf("%s: stopped is %v, install is %q, softdep is %q, and modprobe would run\n%s\n%v", module, stopped, install.Value, softdep.Value, shown, files)
			}
			if ok && stopped && !strings.Contains(shown, "install "+install.Value) {
				rt.Errorf("%s: install is %q, modprobe would run\n%s", module, install.Value, shown)
			}
		}
	})
}
