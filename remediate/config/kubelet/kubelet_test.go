package kubelet_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/kubelet"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

func find(t testing.TB, flag string) kubelet.Argument {
	t.Helper()
	a, ok := kubelet.Find(flag)
	if !ok {
		t.Fatalf("no argument %s", flag)
	}
	return a
}

func node(t testing.TB, exec, config string) *hosttest.Fake {
	f := hosttest.Tree(t, "")
	f.Write("/etc/systemd/system/kubelet.service", "[Service]\nEnvironment=PORT=10255\nExecStart="+exec+"\n")
	if config != "" {
		f.Write("/etc/k.yaml", config)
	}
	return f
}

func TestLookup(t *testing.T) {
	for name, c := range map[string]struct {
		exec, config, flag, want string
		line                     int // of the configuration file
	}{
		"the default of the flags without a file":     {"/usr/bin/kubelet", "", "read-only-port", "10255", 0},
		"the default of the file with one":            {"/usr/bin/kubelet --config /etc/k.yaml", "kind: KubeletConfiguration\n", "read-only-port", "0", 0},
		"a field of the file":                         {"/usr/bin/kubelet --config=/etc/k.yaml", "a: b\nreadOnlyPort: 7\n", "read-only-port", "7", 2},
		"a field below others":                        {"/usr/bin/kubelet --config=/etc/k.yaml", "authentication:\n  webhook:\n    enabled: true\n  anonymous:\n    enabled: false\n", "anonymous-auth", "false", 5},
		"a flag is stronger than the file":            {"/usr/bin/kubelet --config=/etc/k.yaml --read-only-port 9", "readOnlyPort: 7\n", "read-only-port", "9", 0},
		"the last of two flags":                       {"/usr/bin/kubelet --read-only-port=1 --read-only-port=2", "", "read-only-port", "2", 0},
		"underscores are dashes":                      {"/usr/bin/kubelet --read_only_port=3", "", "read-only-port", "3", 0},
		"a boolean flag without a value":              {"/usr/bin/kubelet --anonymous-auth --x", "", "anonymous-auth", "true", 0},
		"a boolean flag takes no word":                {"/usr/bin/kubelet --protect-kernel-defaults false", "", "protect-kernel-defaults", "true", 0},
		"a variable inside a word":                    {"/usr/bin/kubelet --read-only-port=${PORT}", "", "read-only-port", "10255", 0},
		"a wrapper before the program":                {"/usr/bin/env /usr/bin/kubelet --read-only-port=4", "", "read-only-port", "4", 0},
		"a list in the file":                          {"/usr/bin/kubelet --config=/etc/k.yaml", "tlsCipherSuites:\n- A\n- B\n", "tls-cipher-suites", "A,B", 1},
		"lists of flags add up":                       {"/usr/bin/kubelet --tls-cipher-suites=A --tls-cipher-suites=B", "", "tls-cipher-suites", "A,B", 0},
		"null in the file is the default":             {"/usr/bin/kubelet --config=/etc/k.yaml", "readOnlyPort: null\n", "read-only-port", "0", 0},
		"JSON is read like YAML":                      {"/usr/bin/kubelet --config=/etc/k.yaml", "{\n  \"readOnlyPort\": 8\n}\n", "read-only-port", "8", 2},
		"a relative path is below the root":           {"/usr/bin/kubelet --config=etc/k.yaml", "readOnlyPort: 6\n", "read-only-port", "6", 1},
		"what follows two dashes is no flag":          {"/usr/bin/kubelet -- --read-only-port=5", "", "read-only-port", "10255", 0},
		"a value that looks like another flag's name": {"/usr/bin/kubelet --hostname-override --read-only-port=5", "", "hostname-override", "--read-only-port=5", 0},
	} {
		t.Run(name, func(t *testing.T) {
			k, err := kubelet.Read(node(t, c.exec, c.config))
			if err != nil {
				t.Fatal(err)
			}
			s, err := k.Lookup(find(t, c.flag))
			if err != nil || s.Value != c.want || s.Line != c.line {
				t.Errorf("got %q at line %d, %v; want %q at line %d", s.Value, s.Line, err, c.want, c.line)
			}
		})
	}
}

func TestTheDirectoryOfDropInsOverridesTheFile(t *testing.T) {
	f := node(t, "/usr/bin/kubelet --config=/etc/k.yaml --config-dir=/etc/k.d", "readOnlyPort: 1\n")
	f.Write("/etc/k.d/20.conf", "readOnlyPort: 3\n")
	f.Write("/etc/k.d/10.conf", "readOnlyPort: 2\n")
	f.Write("/etc/k.d/30.yaml", "readOnlyPort: 4\n")
	k, err := kubelet.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := k.Lookup(find(t, "read-only-port")); err != nil || s.Value != "3" || s.File.Path != "/etc/k.d/20.conf" {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestNoKubelet(t *testing.T) {
	f := hosttest.Tree(t, "")
	if _, err := kubelet.Read(f); !errors.Is(err, kubelet.ErrNoKubelet) {
		t.Errorf("without a unit: %v", err)
	}
	f.Link("/etc/systemd/system/kubelet.service", "/dev/null")
	if _, err := kubelet.Read(f); !errors.Is(err, kubelet.ErrNoKubelet) {
		t.Errorf("with a masked unit: %v", err)
	}
}

func TestAKubeletBehindAShellIsAnErrorAndNotADefault(t *testing.T) {
	if _, err := kubelet.Read(node(t, `/bin/sh -c "exec kubelet --anonymous-auth=true"`, "")); err == nil || errors.Is(err, kubelet.ErrNoKubelet) {
		t.Errorf("got %v", err)
	}
}

func TestNormal(t *testing.T) {
	for _, c := range []struct{ flag, a, b string }{
		{"streaming-connection-idle-timeout", "0", "0s"},
		{"streaming-connection-idle-timeout", "4h0m0s", "240m"},
		{"anonymous-auth", "True", "true"},
		{"event-qps", "05", "5"},
		{"tls-cipher-suites", "A, B,", "A,B"},
	} {
		a := find(t, c.flag)
		x, err1 := a.Normal(c.a)
		y, err2 := a.Normal(c.b)
		if err1 != nil || err2 != nil || x != y {
			t.Errorf("%s: %q and %q give %q and %q, %v, %v", c.flag, c.a, c.b, x, y, err1, err2)
		}
	}
	if _, err := find(t, "anonymous-auth").Normal("yes"); err == nil {
		t.Error("yes is taken for a boolean, and the kubelet refuses it")
	}
}

// Whatever a file holds, setting a field either is refused or gives exactly that value and changes
// nothing else: SetField checks this itself, so here the file must then be read as it says.
func TestSetFieldInFilesOfEveryLayout(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SampledFrom(kubelet.Known()).Draw(t, "argument")
		if a.Field == "" {
			return
		}
		files := []string{
			"", "kind: KubeletConfiguration\n", "authentication:\n    webhook: {enabled: true}\n", "{}\n",
			"{\"kind\":\"K\",\"authentication\":{\"anonymous\":{\"enabled\":true}}}\n",
			"{\n  \"authentication\": {\n    \"anonymous\": {\n      \"enabled\": true\n    },\n    \"x509\": {}\n  },\n  \"eventRecordQPS\": 0\n}\n",
			"authentication:\n  anonymous:\n    enabled: true # no\n  x509:\n    clientCAFile: /etc/ca.crt\nauthorization: {mode: Webhook}\ntlsCipherSuites:\n- A\n- B\nreadOnlyPort: 10255\n",
			"# only a comment\n",
		}
		text := rapid.SampledFrom(files).Draw(t, "file")
		value := map[kubelet.Type]string{kubelet.Bool: "true", kubelet.Int: "17", kubelet.Duration: "5m", kubelet.List: "X,Y", kubelet.String: "/etc/x y: z"}[a.Type]
		values, err := kubelet.ParseConfig([]byte(text))
		if err != nil {
			values = nil
		}
		c := kubelet.NewConfig("/k", text, values)
		edits, err := c.SetField(a, value)
		if err != nil {
			return
		}
		if len(edits) == 0 {
			t.Fatal("no edit and no error")
		}
	})
}

func TestSetFieldManagesTheCommonLayouts(t *testing.T) {
	for name, text := range map[string]string{
		"block YAML without the field": "kind: KubeletConfiguration\n",
		"block YAML with a parent":     "kind: K\nauthentication:\n  webhook:\n    enabled: true\n",
		"block YAML with the field":    "authentication:\n  anonymous:\n    enabled: true\n",
		"JSON a key a line":            "{\n  \"kind\": \"K\",\n  \"authentication\": {\n    \"anonymous\": {\n      \"enabled\": true\n    }\n  }\n}\n",
		"JSON without the field":       "{\n  \"kind\": \"K\"\n}\n",
		"JSON on one line":             "{\"kind\": \"K\"}\n",
		"an empty JSON object":         "{}\n",
	} {
		t.Run(name, func(t *testing.T) {
			values, err := kubelet.ParseConfig([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			c := kubelet.NewConfig("/k", text, values)
			if _, err := c.SetField(find(t, "anonymous-auth"), "false"); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestInCommandChangesTheLastFlagOnly(t *testing.T) {
	for in, want := range map[string]string{
		"A=--event-qps=0 --event-qps=0": "A=--event-qps=0 --event-qps=9",
		`A="--event-qps 0"`:             `A="--event-qps 9"`,
		"A=--event-qps=00":              "",
		"A=--other-event-qps=0":         "",
		"--event_qps=0 \\":              "--event_qps=9 \\",
	} {
		f := kubelet.Flag{Name: "event-qps", Value: "0"}
		got, ok := f.InCommand([]string{in}, "9")
		if ok != (want != "") || ok && got[0] != want {
			t.Errorf("%q: got %q, %v", in, got, ok)
		}
	}
	f := kubelet.Flag{Name: "anonymous-auth", Value: "true", Bare: true}
	if got, ok := f.InCommand([]string{"kubelet --anonymous-auth --x"}, "false"); !ok || got[0] != "kubelet --anonymous-auth=false --x" {
		t.Errorf("got %q, %v", got, ok)
	}
}

func FuzzConfig(f *testing.F) {
	f.Add("authentication:\n  anonymous:\n    enabled: true\n")
	f.Add("{\"authentication\": {\"anonymous\": {\"enabled\": true}}}")
	f.Add("a: &x [1]\nb: *x\n")
	f.Fuzz(func(t *testing.T, text string) {
		values, err := kubelet.ParseConfig([]byte(text))
		if err != nil {
			return
		}
		c := kubelet.NewConfig("/k", text, values)
		for _, a := range kubelet.Known() {
			if a.Field == "" {
				continue
			}
			if n := c.LineOf(a.Field); n > strings.Count(text, "\n")+1 {
				t.Fatalf("line %d of %q", n, text)
			}
			_, _ = c.SetField(a, "1")
		}
	})
}
