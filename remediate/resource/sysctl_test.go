package resource

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

func parameter(t testing.TB, name, value string, accept ...string) Resource {
	src := fmt.Sprintf("sysctl %q {\n value = %q\n", name, value)
	if len(accept) > 0 {
		src += " accept = [\"" + strings.Join(accept, `", "`) + "\"]\n"
	}
	return mustBlock(t, sysctlKind(), src+"}")
}

// noble is an offline root that says it is Ubuntu 24.04.
func noble(t testing.TB) *hosttest.Fake {
	f := hosttest.Tree(t, "")
	f.OS = host.Info{OS: "ubuntu", Version: "24.04"}
	return f
}

func TestSysctlChangesAreTheSmallestOnes(t *testing.T) {
	ufw := map[string]string{
		"/usr/sbin/ufw": "", "/etc/ufw/ufw.conf": "ENABLED=yes\n", "/etc/default/ufw": "IPT_SYSCTL=/etc/ufw/sysctl.conf\n",
	}
	tests := []struct {
		name    string
		key     string
		files   map[string]string
		message string
		want    map[string]string // header left out
	}{
		{"nobody sets it", "net.ipv4.ip_forward", nil, "no file sets net.ipv4.ip_forward", map[string]string{
			"/etc/sysctl.d/60-harden.conf": "net.ipv4.ip_forward = 0\n",
		}},
		{"it is set right", "kernel.sysrq", map[string]string{
			"/etc/sysctl.d/a.conf": "kernel.sysrq=0\n",
		}, "/etc/sysctl.d/a.conf:1 sets it at boot", map[string]string{
			"/etc/sysctl.d/a.conf": "kernel.sysrq=0\n",
		}},
		{"a later file of the administrator's is changed where it stands", "kernel.sysrq", map[string]string{
			"/etc/sysctl.d/60-harden.conf": "kernel.sysrq = 0\n",
			"/etc/sysctl.d/99-mine.conf":   "# why\n\nkernel/sysrq=176\nvm.swappiness = 1\n",
		}, "/etc/sysctl.d/99-mine.conf:3 sets kernel.sysrq to 176", map[string]string{
			"/etc/sysctl.d/60-harden.conf": "kernel.sysrq = 0\n",
			"/etc/sysctl.d/99-mine.conf":   "# why\n\nkernel/sysrq=0\nvm.swappiness = 1\n",
		}},
		{"sysctl.conf is changed through its link", "kernel.sysrq", map[string]string{
			"/etc/sysctl.conf":             "kernel.sysrq = 1\n",
			"/etc/sysctl.d/99-sysctl.conf": "-> ../sysctl.conf",
		}, "/etc/sysctl.d/99-sysctl.conf:1", map[string]string{
			"/etc/sysctl.conf": "kernel.sysrq = 0\n",
		}},
		{"an early file of a package is overruled", "kernel.sysrq", map[string]string{
			"/usr/lib/sysctl.d/10-magic-sysrq.conf": "kernel.sysrq = 176\n",
		}, "10-magic-sysrq.conf:1 sets kernel.sysrq to 176", map[string]string{
			"/usr/lib/sysctl.d/10-magic-sysrq.conf": "kernel.sysrq = 176\n",
			"/etc/sysctl.d/60-harden.conf":          "kernel.sysrq = 0\n",
		}},
		{"a late file of a package is overruled by a later one", "kernel.sysrq", map[string]string{
			"/usr/lib/sysctl.d/99-x.conf": "kernel.sysrq = 176\n",
		}, "", map[string]string{
			"/usr/lib/sysctl.d/99-x.conf":     "kernel.sysrq = 176\n",
			"/etc/sysctl.d/99-zz-harden.conf": "kernel.sysrq = 0\n",
		}},
		{"a link in /etc to a package's file is no reason to edit that", "kernel.sysrq", map[string]string{
			"/usr/share/x.conf":       "kernel.sysrq = 176\n",
			"/etc/sysctl.d/61-x.conf": "-> /usr/share/x.conf",
		}, "", map[string]string{
			"/usr/share/x.conf":               "kernel.sysrq = 176\n",
			"/etc/sysctl.d/99-zz-harden.conf": "kernel.sysrq = 0\n",
		}},
		{"a pattern is left alone, for an explicit line beats it", "net.ipv4.conf.all.rp_filter", map[string]string{
			"/etc/sysctl.d/99-x.conf": "net.ipv4.conf.*.rp_filter = 2\n",
		}, "99-x.conf:1 sets net.ipv4.conf.all.rp_filter to 2", map[string]string{
			"/etc/sysctl.d/99-x.conf":      "net.ipv4.conf.*.rp_filter = 2\n",
			"/etc/sysctl.d/60-harden.conf": "net.ipv4.conf.all.rp_filter = 0\n",
		}},
		{"an exclusion is replaced", "net.ipv4.conf.all.rp_filter", map[string]string{
			"/etc/sysctl.d/99-x.conf": "net.ipv4.conf.*.rp_filter = 0\n-net.ipv4.conf.all.rp_filter\n",
		}, "99-x.conf:2 keeps net.ipv4.conf.all.rp_filter from being set", map[string]string{
			"/etc/sysctl.d/99-x.conf": "net.ipv4.conf.*.rp_filter = 0\nnet.ipv4.conf.all.rp_filter = 0\n",
		}},
		{"an exclusion of a package is overruled", "net.ipv4.conf.all.rp_filter", map[string]string{
			"/usr/lib/sysctl.d/50-default.conf": "net.ipv4.conf.*.rp_filter = 0\n-net.ipv4.conf.all.rp_filter\n",
		}, "", map[string]string{
			"/etc/sysctl.d/60-harden.conf": "net.ipv4.conf.all.rp_filter = 0\n",
		}},
		{"the kernel's other name for it is dealt with", "net.ipv4.ip_forward", map[string]string{
			"/etc/sysctl.d/10-a.conf":     "net.ipv4.ip_forward = 0\n",
			"/usr/lib/sysctl.d/99-k.conf": "net.ipv4.conf.all.forwarding = 1\n",
		}, "99-k.conf:1 sets net.ipv4.conf.all.forwarding to 1", map[string]string{
			"/etc/sysctl.d/99-zz-harden.conf": "net.ipv4.conf.all.forwarding = 0\n",
		}},
		{"an edit that brings another line to the fore", "net.ipv4.ip_forward", map[string]string{
			"/etc/sysctl.d/a.conf": "net.ipv4.conf.all.forwarding = 0\n",
			"/etc/sysctl.d/b.conf": "net.ipv4.ip_forward = 1\n",
			"/etc/sysctl.d/c.conf": "net.ipv4.conf.all.forwarding = 1\n",
		}, "c.conf:1", map[string]string{
			"/etc/sysctl.d/b.conf": "net.ipv4.ip_forward = 0\n",
			"/etc/sysctl.d/c.conf": "net.ipv4.conf.all.forwarding = 0\n",
		}},
		{"ufw's file has the last word", "net.ipv4.conf.all.rp_filter", merged(ufw, map[string]string{
			"/etc/ufw/sysctl.conf":         "net/ipv4/conf/all/rp_filter=1\n",
			"/etc/sysctl.d/60-harden.conf": "net.ipv4.conf.all.rp_filter = 0\n",
		}), "/etc/ufw/sysctl.conf:1 sets net.ipv4.conf.all.rp_filter to 1", map[string]string{
			"/etc/ufw/sysctl.conf": "net/ipv4/conf/all/rp_filter=0\n",
		}},
		{"a comment behind the value is part of it", "kernel.sysrq", map[string]string{
			"/etc/sysctl.d/a.conf": "kernel.sysrq = 0 # off\n",
		}, "a.conf:1 sets kernel.sysrq to 0 # off", map[string]string{
			"/etc/sysctl.d/a.conf": "kernel.sysrq = 0\n",
		}},
		{"two assignments on one line are left alone", "kernel.sysrq", map[string]string{
			"/etc/sysctl.d/a.conf": "kernel.sysrq = 1\rkernel.panic = 1\n",
		}, "", map[string]string{
			"/etc/sysctl.d/zz-zz-harden.conf": "kernel.sysrq = 0\n",
		}},
		{"every interface", "net.ipv4.conf.*.rp_filter", map[string]string{
			"/usr/lib/sysctl.d/50-default.conf": "net.ipv4.conf.*.rp_filter = 2\n-net.ipv4.conf.all.rp_filter\n",
			"/etc/sysctl.d/70-eth.conf":         "net.ipv4.conf.eth0.rp_filter = 1\n",
		}, "70-eth.conf:1 sets net.ipv4.conf.eth0.rp_filter to 1", map[string]string{
			"/etc/sysctl.d/60-harden.conf": "net.ipv4.conf.all.rp_filter = 0\nnet.ipv4.conf.default.rp_filter = 0\nnet.ipv4.conf.*.rp_filter = 0\n",
			"/etc/sysctl.d/70-eth.conf":    "net.ipv4.conf.eth0.rp_filter = 0\n",
		}},
		{"a pattern for some interfaces", "net.ipv4.conf.*.rp_filter", map[string]string{
			"/etc/sysctl.d/60-a.conf": "net.ipv4.conf.*.rp_filter = 0\nnet.ipv4.conf.all.rp_filter = 0\nnet.ipv4.conf.default.rp_filter = 0\n",
			"/etc/sysctl.d/70-b.conf": "net.ipv4.conf.eth*.rp_filter = 1\n",
		}, "70-b.conf:1 sets net.ipv4.conf.eth*.rp_filter to 1", map[string]string{
			"/etc/sysctl.d/70-b.conf": "net.ipv4.conf.eth*.rp_filter = 0\n",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := noble(t)
			writeAll(f, tt.files)
			r := parameter(t, tt.key, "0")
			if o := observe(t, f, r); !strings.Contains(o.Message, tt.message) {
				t.Errorf("message is %q, want it to hold %q", o.Message, tt.message)
			}
			settle(t, f, r)
			for path, want := range tt.want {
				if got := strings.TrimPrefix(f.Read(path), strings.Join(Header, "\n")+"\n"); got != want {
					t.Errorf("%s is\n%swant\n%s", path, got, want)
				}
			}
		})
	}
}

func merged(a, b map[string]string) map[string]string {
	all := map[string]string{}
	for _, m := range []map[string]string{a, b} {
		for k, v := range m {
			all[k] = v
		}
	}
	return all
}

func TestSysctlRunningValuesAreThoseOfEveryLink(t *testing.T) {
	f := noble(t)
	const p = "net/ipv4/conf/"
	f.State = &hosttest.State{LinkNames: []string{"eth0", "eth0.100", "lo"}, Sysctls: map[string]string{
		p + "all/log_martians": "1", p + "default/log_martians": "1", p + "lo/log_martians": "1",
		p + "eth0/log_martians": "0", p + "eth0.100/log_martians": "0",
	}}
	r := parameter(t, "net.ipv4.conf.*.log_martians", "1")
	o := observe(t, f, r)
	if !strings.Contains(o.Message, "net.ipv4.conf.eth0/100.log_martians is 0 now") {
		t.Errorf("message is %q", o.Message)
	}
	settle(t, f, r)
	if got := f.State.Sysctls[p+"eth0.100/log_martians"]; got != "1" {
		t.Errorf("eth0.100 has %s", got)
	}
	if strings.Contains(f.Read("/etc/sysctl.d/60-harden.conf"), "eth0") {
		t.Error("an interface of the build machine is written into the image")
	}
}

func TestSysctlComparesAsTheKernelReads(t *testing.T) {
	for _, tt := range []struct {
		want, have string
		right      bool
	}{
		{"0", "0", true}, {"0", "00", true}, {"1", "0x1", true}, {"8", "010", true}, {"1", "2", false},
		{"4096 16384 4194304", "4096\t16384  4194304", true}, {"10", "1_0", false}, {"2", "0b10", false}, {"0", "", false}, {"bbr", "cubic", false},
	} {
		if got := parameter(t, "kernel.x", tt.want).(sysctlResource).right(tt.have); got != tt.right {
			t.Errorf("want %q, have %q: right is %v", tt.want, tt.have, got)
		}
	}
}

func TestSysctlAcceptsAStricterValue(t *testing.T) {
	f := noble(t)
	f.Write("/etc/sysctl.d/10-ptrace.conf", "kernel.yama.ptrace_scope = 2\n")
	r := parameter(t, "kernel.yama.ptrace_scope", "1", "2", "3")
	if changes := r.Diff(observe(t, f, r)); len(changes) > 0 {
		t.Errorf("changes are %+v", changes)
	}
}

func TestSysctlOfAMissingParameterIsDecidedByTheFiles(t *testing.T) {
	f := noble(t)
	f.State = &hosttest.State{}
	r := parameter(t, "net.ipv6.conf.all.accept_ra", "0")
	if o := observe(t, f, r); !strings.Contains(o.Message, "the running kernel has no such parameter") || len(r.Diff(o)) == 0 {
		t.Errorf("message is %q", o.Message)
	}
	settle(t, f, r)
}

func TestSysctlFilesInRunAreMentionedOnly(t *testing.T) {
	f := noble(t)
	f.State = &hosttest.State{Sysctls: map[string]string{"kernel/sysrq": "1"}}
	f.Write("/run/sysctl.d/99-x.conf", "kernel.sysrq = 1\n")
	f.Write("/etc/sysctl.d/a.conf", "kernel.sysrq = 0\n")
	r := parameter(t, "kernel.sysrq", "0")
	o := observe(t, f, r)
	changes := r.Diff(o)
	if len(changes) != 1 || changes[0] != (rule.SetSysctl{Key: "kernel/sysrq", Value: "0"}) {
		t.Errorf("changes are %+v", changes)
	}
	if !strings.Contains(o.Message, "/run/sysctl.d/99-x.conf:1 speaks about it too") {
		t.Errorf("message is %q", o.Message)
	}
}

func TestSysctlNeedsTheServiceThatAppliesIt(t *testing.T) {
	f := noble(t)
	f.Write("/etc/sysctl.d/a.conf", "kernel.sysrq = 0\n")
	f.Link("/etc/systemd/system/systemd-sysctl.service", "/dev/null")
	r := parameter(t, "kernel.sysrq", "0")
	changes := r.Diff(observe(t, f, r))
	if len(changes) != 1 || changes[0] != (rule.ChangeUnit{Name: "systemd-sysctl.service", Action: rule.UnmaskUnit}) {
		t.Errorf("changes are %+v", changes)
	}
}

func TestOldUbuntuGetsNoPatterns(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.OS = host.Info{OS: "ubuntu", Version: "16.04"}
	settle(t, f, parameter(t, "net.ipv4.conf.*.rp_filter", "1"))
	if got := f.Read("/etc/sysctl.d/60-harden.conf"); strings.Contains(got, "*") {
		t.Errorf("the drop-in is\n%s", got)
	}
}

func TestSysctlRefusesNonsense(t *testing.T) {
	for _, src := range []string{
		`sysctl "kernel" { value = "1" }`,
		`sysctl "-kernel.sysrq" { value = "1" }`,
		`sysctl "kernel.*" { value = "1" }`,
		`sysctl "net.ipv4.conf.eth*.rp_filter" { value = "1" }`,
		`sysctl "kernel.sysrq" { value = "1\n2" }` + "\n",
		`sysctl "kernel.sysrq" { value = "" }`,
		`sysctl "kernel.sysrq = 1" { value = "1" }`,
		`sysctl "kernel.sysrq" {}`,
	} {
		_, err := parseBlock(t, sysctlKind(), src)
		if ok := strings.Contains(src, `\n`); (err == nil) != ok {
			t.Errorf("%s: %v", src, err) // a line feed in a value is a blank like any other
		}
	}
}

// However the files stand, one run of apply settles every parameter, or says why it cannot.
func TestSysctlSettlesWhateverTheFilesSay(t *testing.T) {
	keys := []string{"net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding", "net.ipv4.conf.*.forwarding", "net.ipv4.conf.all.rp_filter",
		"net.ipv4.conf.*.rp_filter", "net.ipv4.conf.eth*.rp_filter", "net.ipv4.conf.eth0.rp_filter", "net.*.conf.*.rp_filter", "kernel.sysrq"}
	rapid.Check(t, func(rt *rapid.T) {
		f := noble(t)
		line := rapid.Custom(func(t *rapid.T) string {
			k, v := rapid.SampledFrom(keys).Draw(t, "key"), rapid.SampledFrom([]string{" = 0", "=1", ""}).Draw(t, "value")
			if v == "" {
				return "-" + k
			}
			return k + v
		})
		for i := range rapid.IntRange(0, 5).Draw(rt, "files") {
			dir := rapid.SampledFrom([]string{"/etc", "/usr/lib"}).Draw(rt, fmt.Sprint("dir", i))
			names := []string{"10-a", "61-b", "99-c", "zz-d", "zzz"}
			if dir == "/etc" {
				names = append(names, "60-harden", "99-zz-harden") // no package ships files of our names
			}
			name := rapid.SampledFrom(names).Draw(rt, fmt.Sprint("name", i))
			f.Write(dir+"/sysctl.d/"+name+".conf", strings.Join(rapid.SliceOfN(line, 0, 4).Draw(rt, "lines"), "\n")+"\n")
		}
		var resources []Resource
		for _, k := range []string{"net.ipv4.ip_forward", "net.ipv4.conf.*.rp_filter", "kernel.sysrq"} {
			r := parameter(t, k, "0")
			hopeless := false
			for _, c := range r.Diff(observe(t, f, r)) {
				if _, ok := c.(rule.Unfixable); ok {
					hopeless = true
				}
			}
			if !hopeless {
				resources = append(resources, r)
			}
		}
		settle(rt, f, resources...)
	})
}
