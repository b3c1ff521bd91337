package apt_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/apt"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

func TestSources(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write(apt.SourceList, "# comment\ndeb [arch=amd64 Trusted=yes] http://a/ubuntu noble main universe # more\n\ndeb-src http://a/ubuntu noble main\n")
	f.Write(apt.SourceParts+"/ubuntu.sources", "Types: deb\nURIs: http://b/ubuntu\nSuites: noble noble-updates\nComponents: main\nSigned-By:\n -----BEGIN\n .\n key\n\n# off\nTypes: deb\nEnabled: no\nURIs: http://c/\nSuites: ./\nTRUSTED: yes\n")
	f.Write(apt.SourceParts+"/ignored.list~", "deb nonsense\n")
	f.Write(apt.SourceParts+"/ignored.save", "deb nonsense\n")
	sources, err := apt.Sources(f)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range sources {
		trusted, _ := s.Option("trusted")
		got = append(got, strings.Join([]string{s.Path, strings.Join(s.Types, ","), strings.Join(s.URIs, ","), strings.Join(s.Suites, ","), strings.Join(s.Components, ","), trusted.Value, map[bool]string{true: "on", false: "off"}[s.Enabled]}, " "))
	}
	want := []string{
		"/etc/apt/sources.list deb http://a/ubuntu noble main,universe yes on",
		"/etc/apt/sources.list deb-src http://a/ubuntu noble main  on",
		"/etc/apt/sources.list.d/ubuntu.sources deb http://b/ubuntu noble,noble-updates main  on",
		"/etc/apt/sources.list.d/ubuntu.sources deb http://c/ ./  yes off",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSettings(t *testing.T) {
	for name, tc := range map[string]struct{ content, key, want string }{
		"a name with colons":             {`APT::Get::AllowUnauthenticated "true";`, "APT::Get::AllowUnauthenticated", "true"},
		"braces":                         {"APT { Get { AllowUnauthenticated \"true\"; }; };", "APT::Get::AllowUnauthenticated", "true"},
		"names have no case":             {`apt::GET::allowunauthenticated true;`, "APT::Get::AllowUnauthenticated", "true"},
		"the last one counts":            {"A::B \"1\";\nA { B \"2\"; };", "A::B", "2"},
		"comments of every kind":         {"// A::B \"1\";\n/* A::B \"2\"; */\n# A::B \"3\";\nA::B \"4\"; // more\n", "A::B", "4"},
		"a URL is no comment in quotes":  {`A::B "http://x/";`, "A::B", "http://x/"},
		"clear takes what is below":      {"A::B \"1\";\n#clear A;\n", "A::B", ""},
		"a comment that starts like one": {"#clearly A;\nA::B \"1\";", "A::B", "1"},
		"a value with a block":           {`A::B "1" { C "2"; };`, "A::B::C", "2"},
	} {
		t.Run(name, func(t *testing.T) {
			settings, _, err := apt.ParseConf("f", tc.content)
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := apt.Last(settings, tc.key); got.Value != tc.want {
				t.Errorf("got %q of %+v", got.Value, settings)
			}
		})
	}
}

func TestAValueKnowsWhereItStands(t *testing.T) {
	content := "APT {\n  Get { AllowUnauthenticated \"true\"; };\n};\n"
	settings, _, err := apt.ParseConf("f", content)
	if err != nil || len(settings) != 1 {
		t.Fatalf("%+v, %v", settings, err)
	}
	s := settings[0]
	if s.Line != 2 || s.Raw != `"true"` || s.Text[s.Column:s.Column+len(s.Raw)] != s.Raw {
		t.Errorf("got %+v", s)
	}
}

func TestIncludesAreBounded(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write(apt.MainConf, "#include \"/etc/apt/other\";\n")
	f.Write("/etc/apt/other", "#include \"/etc/apt/apt.conf\";\n")
	if _, err := apt.Settings(f); err == nil || !strings.Contains(err.Error(), "too deeply") {
		t.Errorf("error is %v", err)
	}
	f.Write("/etc/apt/other", "A::B \"1\";\n")
	settings, err := apt.Settings(f)
	if s, _ := apt.Last(settings, "a::b"); err != nil || s.Path != "/etc/apt/other" {
		t.Errorf("%+v, %v", settings, err)
	}
}

func FuzzParseConf(f *testing.F) {
	f.Add("A { B \"1\"; C { \"x\"; \"y\"; }; };\n#clear A::B;\n#include /x;\n")
	f.Add("A::B \"un\nclosed")
	f.Add("{}};")
	f.Fuzz(func(t *testing.T, content string) {
		settings, _, err := apt.ParseConf("f", content)
		if err != nil {
			return
		}
		for _, s := range settings {
			if !s.Clear && !strings.Contains(content, s.Raw) {
				t.Errorf("%+v is not in the file", s)
			}
		}
	})
}

func FuzzParseSources(f *testing.F) {
	f.Add("Types: deb\nURIs: x\n y\n\nTypes: deb\n")
	f.Add("deb [a=b c=d] http://x y z")
	f.Fuzz(func(_ *testing.T, content string) {
		apt.ParseSources("f", content)
		apt.ParseList("f", content)
	})
}

func FuzzKeys(f *testing.F) {
	f.Add([]byte("\x98\x01\x04\xb4\x01x"))
	f.Add([]byte("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmAEE\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----"))
	f.Add([]byte{0xc6, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(_ *testing.T, content []byte) { apt.Keys(content) })
}
