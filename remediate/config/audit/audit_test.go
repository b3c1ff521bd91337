package audit

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

func TestOneRuleRecordsWhatAnotherDoes(t *testing.T) {
	for name, c := range map[string]struct {
		have, want string
		covers     bool
	}{
		"the order of fields does not matter":         {"-a exit,always -F auid>=1000 -F arch=b64 -S mount -F auid!=-1 -k m", "-a always,exit -F arch=b64 -S mount -F auid>=1000 -F auid!=unset", true},
		"a watch is a rule with a path":               {"-a always,exit -F path=/etc/passwd -F perm=wa -F key=id", "-w /etc/passwd -p wa -k identity", true},
		"a rule with a path is a watch":               {"-w /etc/passwd -p wa", "-a always,exit -F path=/etc/passwd -F perm=aw", true},
		"more permissions record more":                {"-w /etc/passwd -p rwxa", "-w /etc/passwd -p wa", true},
		"fewer do not":                                {"-w /etc/passwd -p w", "-w /etc/passwd -p wa", false},
		"a watch without permissions has them all":    {"-w /etc/passwd", "-w /etc/passwd -p wa", true},
		"a directory takes what is below it along":    {"-a always,exit -F dir=/etc -F perm=wa", "-w /etc/apparmor/x -p wa", true},
		"a name that only starts alike is not below":  {"-a always,exit -F dir=/etc/app -F perm=wa", "-w /etc/apparmor -p wa", false},
		"more system calls record more":               {"-a always,exit -F arch=b32 -S a,b -S c", "-a always,exit -F arch=b32 -S b", true},
		"another architecture does not":               {"-a always,exit -F arch=b32 -S a", "-a always,exit -F arch=b64 -S a", false},
		"no architecture means both":                  {"-a always,exit -S a", "-a always,exit -F arch=b64 -S a", true},
		"every system call is more than one":          {"-a always,exit -S all -F arch=b64", "-a always,exit -F arch=b64 -S a", true},
		"fewer conditions record more":                {"-a always,exit -F arch=b64 -S a", "-a always,exit -F arch=b64 -S a -F success=0", true},
		"one condition more records less":             {"-a always,exit -F arch=b64 -S a -F uid=0", "-a always,exit -F arch=b64 -S a", false},
		"a lower bound of users is wider":             {"-a always,exit -S a -F auid>=500", "-a always,exit -S a -F auid>=1000", true},
		"a higher one is narrower":                    {"-a always,exit -S a -F auid>=2000", "-a always,exit -S a -F auid>=1000", false},
		"the sides of a comparison can change places": {"-a always,exit -S execve -C euid!=uid", "-a always,exit -S execve -C uid!=euid", true},
		"error numbers have names":                    {"-a always,exit -S open -F exit=-13", "-a always,exit -S open -F exit=-EACCES", true},
		"options may stick to their values":           {"-w/etc/passwd -pwa -kx", "-w /etc/passwd -p wa", true},
	} {
		t.Run(name, func(t *testing.T) {
			have, want := parse(t, c.have), parse(t, c.want)
			if got := have.covers(want); got != c.covers {
				t.Errorf("%q covers %q: %v", c.have, c.want, got)
			}
		})
	}
}

func parse(t *testing.T, text string) Rule {
	t.Helper()
	r, err := ParseRule(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	r.Settle(hosttest.Tree(t, ""))
	return r
}

func TestLinesThatAuditctlRefuses(t *testing.T) {
	for _, text := range []string{"-w", "-w etc", "-w /x -p q", "-w /x -S a", "-a always", "-a always,nowhere", "-a x,exit", "-S open",
		"-a always,exit -F x", "-a always,exit -F =1", "-a always,exit -F a=", "-x 1", "passwd", "-w /x -a always,exit", "-a always,exit -F path=x", "-a always,exit -C a>b"} {
		if _, err := ParseRule(text); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

func TestLookAtWhatIsInForce(t *testing.T) {
	want := "-a always,exit -F arch=b64 -S mount,umount2 -F auid>=1000"
	for name, c := range map[string]struct {
		files   string
		missing string
		blocked bool
	}{
		"several rules share the work":                {"-a always,exit -F arch=b64 -S mount\n-a always,exit -F arch=b64 -S umount2\n", "", false},
		"a part is missing":                           {"-a always,exit -F arch=b64 -S mount\n", "umount2", false},
		"-D in a middle file is only moved":           {"-a always,exit -F arch=b64 -S mount,umount2\n-D\n", "", false},
		"a later deletion counts":                     {want + "\n-d exit,always -F arch=b64 -S umount2,mount -F auid>=1000\n", "mount,umount2", false},
		"a key's rules are deleted":                   {want + " -k m\n-D -k m\n", "mount,umount2", false},
		"never before it blocks":                      {"-a never,exit -S mount\n" + want + "\n", "", true},
		"never after it is too late":                  {want + "\n-a never,exit -S mount\n", "", false},
		"-A puts it in front":                         {want + "\n-A never,exit -S mount\n", "", true},
		"an exception for one user does not block":    {"-a never,exit -S mount -F uid=42\n" + want + "\n", "", false},
		"no task is audited":                          {want + "\n-a never,task\n", "", true},
		"a deletion of something else changes little": {want + "\n-W /etc/passwd\n", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			f.Write("/etc/passwd", "")
			f.Write(Dir+"/50-x.rules", c.files)
			config, err := Load(f)
			if err != nil || config.Broken != "" {
				t.Fatal(err, config.Broken)
			}
			got := config.Look(parse(t, want))
			if strings.Join(got.Missing, ",") != c.missing || (got.Blocked != nil) != c.blocked {
				t.Errorf("missing %v, blocked %v", got.Missing, got.Blocked)
			}
		})
	}
}

func TestWhichFilesAreLoaded(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write(File, "-w /old -p wa\n")
	if c, err := Load(f); err != nil || c.Merged || len(c.Rules) != 1 {
		t.Errorf("without a directory the file counts: %+v, %v", c, err)
	}
	f.Write(Dir+"/x.conf", "")
	if c, err := Load(f); err != nil || !c.Merged || len(c.Rules) != 0 {
		t.Errorf("an empty directory takes the file's rules away: %+v, %v", c, err)
	}
	f.Write("/usr/lib/systemd/system/auditd.service", "[Service]\nExecStartPost=-/sbin/auditctl -R /etc/audit/audit.rules\n")
	if c, err := Load(f); err != nil || c.Merged {
		t.Errorf("a unit that loads the file decides: %+v, %v", c, err)
	}
	f.Write("/usr/lib/systemd/system/auditd.service", "[Service]\nExecStartPost=-/sbin/augenrules --load\n")
	f.Write(Dir+"/10-a.rules", "-e 2\n-b 8192\n# x\n")
	f.Write(Dir+"/9-b.rules", "-e 1\n-f 1\n-w /x\n")
	c, err := Load(f)
	if err != nil || c.Broken != "" {
		t.Fatal(err, c.Broken)
	}
	if c.Enabled.Value != "2" || c.Enabled.Line.Path != Dir+"/10-a.rules" || c.Backlog.Value != "8192" || c.Failure.Value != "1" {
		t.Errorf("%+v", c)
	}
}

func TestWhereAuditctlStops(t *testing.T) {
	for name, c := range map[string]struct {
		content string
		broken  bool
	}{
		"at a line that it does not understand": {"-w /x\nnonsense\n", true},
		"not when it is told to go on":          {"-i\n-w /x\nnonsense\n", false},
		"at a bad number":                       {"-b many\n", true},
		"at a path without its directory":       {"-w /opt/none/x\n", true},
		"not at a path that is made at boot":    {"-w /run/none/x\n", false},
	} {
		f := hosttest.Tree(t, "")
		f.Write(Dir+"/a.rules", c.content)
		config, err := Load(f)
		if err != nil || (config.Broken != "") != c.broken {
			t.Errorf("%s: %q, %v", name, config.Broken, err)
		}
	}
	f := hosttest.Tree(t, "")
	f.Write(File, "-e 2\n-w /x\n")
	if config, err := Load(f); err != nil || config.Broken == "" {
		t.Errorf("a rule after -e 2 is refused by the kernel: %+v, %v", config, err)
	}
}

func TestConf(t *testing.T) {
	got, err := ParseConf([]byte("# c\n Max_Log_File = 8\nspace_left_action = exec /bin/x\nmax_log_file=9\n"))
	if err != nil || len(got) != 3 || got[0].Name != "max_log_file" || got[2].Value != "9" || got[1].Value != "exec /bin/x" {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{"max_log_file\n", "max_log_file =\n", "colour = red\n", "max_log_file = 8 9\n"} {
		if _, err := ParseConf([]byte(bad)); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

// Laws: a rule covers itself, covering is passed on, and order and repetition of words change nothing.
func TestCoveringIsAnOrder(t *testing.T) {
	draw := rapid.Custom(func(t *rapid.T) string {
		words := []string{"-a", rapid.SampledFrom([]string{"always,exit", "exit,always"}).Draw(t, "list")}
		if a := rapid.SampledFrom([]string{"", "b32", "b64"}).Draw(t, "arch"); a != "" {
			words = append(words, "-F", "arch="+a)
		}
		for _, s := range rapid.SliceOfN(rapid.SampledFrom([]string{"open", "mount", "chmod"}), 0, 3).Draw(t, "calls") {
			words = append(words, "-S", s)
		}
		for _, f := range rapid.SliceOfN(rapid.SampledFrom([]string{"auid>=1000", "auid>=500", "auid!=-1", "auid=1500", "uid=0", "perm=wa", "perm=rwxa", "perm=a", "path=/etc/x", "dir=/etc", "exit=-EPERM"}), 0, 3).Draw(t, "fields") {
			words = append(words, "-F", f)
		}
		return strings.Join(words, " ")
	})
	rapid.Check(t, func(t *rapid.T) {
		var rules []Rule
		for _, text := range []string{draw.Draw(t, "a"), draw.Draw(t, "b"), draw.Draw(t, "c")} {
			r, err := ParseRule(text)
			if err != nil {
				t.Fatal(err)
			}
			rules = append(rules, r)
		}
		a, b, c := rules[0], rules[1], rules[2]
		if !a.covers(a) {
			t.Fatalf("%+v does not cover itself", a)
		}
		if a.covers(b) && b.covers(c) && !a.covers(c) {
			t.Fatalf("%+v\n%+v\n%+v", a, b, c)
		}
	})
}

func FuzzRules(f *testing.F) {
	f.Add("-D\n-b 8192\n-w /etc/passwd -p wa -k id\n-a always,exit -F arch=b64 -S mount -C euid!=uid\n-e 2\n")
	f.Add("-a")
	f.Add("-F\x00=\n-D -k\n-e\n")
	f.Fuzz(func(t *testing.T, content string) {
		lines := ParseLines("/x", []byte(content))
		once := Merge(lines)
		if !slices.Equal(Merge(once), once) {
			t.Errorf("merging twice differs")
		}
		for _, l := range lines {
			if r, err := ParseRule(l.Text); err == nil && !r.covers(r) {
				t.Errorf("%q does not cover itself", l.Text)
			}
		}
		if _, err := ParseConf([]byte(content)); err != nil && !strings.Contains(err.Error(), ConfFile) {
			t.Errorf("no place in %v", err)
		}
	})
}
