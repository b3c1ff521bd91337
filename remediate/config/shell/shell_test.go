package shell

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"pgregory.net/rapid"
)

var interactive = Kind{Name: "bash, login, interactive", Bash: true, Login: true, Interactive: true}

func start(t *testing.T, files map[string]string, kind Kind, o Options) Result {
	t.Helper()
	f := hosttest.Tree(t, "")
	for path, content := range files {
		f.Write(path, content)
	}
	r, err := Start(f, kind, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func bits(r Result) []int {
	var out []int
	for _, m := range r.Masks {
		if !slices.Contains(out, m.Bits) {
			out = append(out, m.Bits)
		}
	}
	slices.Sort(out)
	return out
}

func TestMasksThatALoginMayEndWith(t *testing.T) {
	for _, l := range layouts() {
		t.Run(l.name, func(t *testing.T) {
			r := start(t, l.files, interactive, Options{Mask: 0o022})
			if got := bits(r); !slices.Equal(got, l.masks) {
				t.Errorf("masks %o, want %o; notes %q", got, l.masks, r.Notes)
			}
		})
	}
}

func TestWhatCannotBeToldIsUnknown(t *testing.T) {
	for name, profile := range map[string]string{
		"an argument worked out at run time": "umask $(cat /etc/mask)\n",
		"a sourced name worked out":          ". $(cat /etc/name)\n",
		"an evaluated text":                  "eval \"$(cat /etc/commands)\"\n",
		"a file that does not parse":         "if then fi (\numask 022\n",
		"a copy of permissions":              "umask g=u\n",
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, map[string]string{"/etc/profile": profile}, interactive, Options{Mask: 0o022})
			if !slices.Contains(bits(r), Unknown) {
				t.Errorf("masks %o hold no unknown", bits(r))
			}
		})
	}
}

func TestEvalOfKnownProgramsSetsNoMask(t *testing.T) {
	r := start(t, map[string]string{"/etc/profile": "[ -x /usr/bin/dircolors ] && eval \"$(SHELL=/bin/sh dircolors -b)\"\neval $(dircolors -b /etc/dircolors)\n"}, interactive, Options{Mask: 0o022})
	if got := bits(r); !slices.Equal(got, []int{0o022}) {
		t.Errorf("masks %o", got)
	}
}

func TestWinningLineIsNamed(t *testing.T) {
	r := start(t, map[string]string{"/etc/profile": debianProfile, "/etc/profile.d/a.sh": "umask 077\n", "/etc/profile.d/b.sh": "# b\n  umask 022\n"}, interactive, Options{Mask: 0o022})
	want := Mask{Bits: 0o022, Word: "022", From: Place{Path: "/etc/profile.d/b.sh", Line: 2, Text: "  umask 022"}}
	if len(r.Masks) != 1 || r.Masks[0] != want {
		t.Errorf("got %+v, want %+v", r.Masks, want)
	}
	if len(r.MaskPlaces) != 2 || r.MaskPlaces[0].Path != "/etc/profile.d/a.sh" {
		t.Errorf("places %v", r.MaskPlaces)
	}
}

func TestTimeOutStates(t *testing.T) {
	for _, c := range []struct {
		name, profile string
		want          []Value
	}{
		{"nothing sets it", "", []Value{{Known: true}}},
		{"read-only and exported", "readonly TMOUT=900\nexport TMOUT\n", []Value{{Set: true, Known: true, Text: "900", Readonly: true, Exported: true}}},
		{"declared at once", "declare -rx TMOUT=900\n", []Value{{Set: true, Known: true, Text: "900", Readonly: true, Exported: true}}},
		{"a later value loses to a read-only one", "readonly TMOUT=900\nTMOUT=0\n", []Value{{Set: true, Known: true, Text: "900", Readonly: true}}},
		{"a later value wins", "TMOUT=900\nTMOUT=0\n", []Value{{Set: true, Known: true, Text: "0"}}},
		{"only some users", "if [ $UID -gt 0 ]; then TMOUT=900; fi\n", []Value{{Set: true, Known: true, Text: "900"}, {Known: true}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := start(t, map[string]string{"/etc/profile": c.profile}, interactive, Options{Mask: 0o022})
			got := r.Variable("TMOUT")
			for i := range got {
				got[i].From = Place{}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestUsersOwnFilesAreFollowedOnlyInTheGivenHome(t *testing.T) {
	files := map[string]string{"/etc/profile": "umask 027\n", "/etc/skel/.profile": "if [ -n \"$BASH_VERSION\" ]; then\n if [ -f \"$HOME/.bashrc\" ]; then\n . \"$HOME/.bashrc\"\n fi\nfi\n", "/etc/skel/.bashrc": "umask 022\n"}
	if got := bits(start(t, files, interactive, Options{Mask: 0o022})); !slices.Equal(got, []int{0o027}) {
		t.Errorf("without a home: %o", got)
	}
	if got := bits(start(t, files, interactive, Options{Mask: 0o022, Home: "/etc/skel"})); !slices.Equal(got, []int{0o022}) {
		t.Errorf("with a home: %o", got)
	}
}

func TestAFileThatSourcesItselfEnds(t *testing.T) {
	r := start(t, map[string]string{"/etc/profile": "umask 027\n[ -z \"$AGAIN\" ] && . /etc/profile\n"}, interactive, Options{Mask: 0o022})
	if got := bits(r); !slices.Equal(got, []int{0o027}) || len(r.Notes) == 0 {
		t.Errorf("masks %o, notes %q", got, r.Notes)
	}
}

func TestFilesThatFanOutEndWithAnError(t *testing.T) {
	f := hosttest.Tree(t, "")
	for i := range 10 {
		f.Write(fmt.Sprintf("/etc/%d", i), strings.Repeat(fmt.Sprintf(". /etc/%d\n", i+1), 20))
	}
	f.Write("/etc/10", "umask 027\n")
	f.Write("/etc/profile", ". /etc/0\n")
	if _, err := Start(f, interactive, Options{Mask: 0o022}); err == nil || !strings.Contains(err.Error(), "too many files") {
		t.Errorf("error %v", err)
	}
}

func TestOrderOfNamesDependsOnTheLocale(t *testing.T) {
	files := map[string]string{"/etc/profile": debianProfile, "/etc/profile.d/Zz.sh": "umask 022\n", "/etc/profile.d/zz-harden.sh": "umask 027\n", "/etc/profile.d/zz_a.sh": "umask 002\n"}
	if got := bits(start(t, files, interactive, Options{Mask: 0o022})); !slices.Equal(got, []int{0o002}) {
		t.Errorf("bytewise: %o", got)
	}
	if got := bits(start(t, files, interactive, Options{Mask: 0o022, Order: Collated})); slices.Contains(got, 0o002) {
		t.Errorf("collated: %o", got)
	}
}

// A mask set at the end decides, whatever stands before it.
func TestLastPlainMaskDecides(t *testing.T) {
	lines := []string{"umask 022", "if [ $UID = 0 ]; then umask 002; fi", "for i in a b; do umask 000; done", "umask $X", "x() { umask 777; }", "x", "(umask 1)", ". /etc/other", "[ -f /etc/other ] && umask 7"}
	rapid.Check(t, func(rt *rapid.T) {
		picked := rapid.SliceOfN(rapid.SampledFrom(lines), 0, 6).Draw(rt, "lines")
		f := hosttest.Tree(t, "")
		f.Write("/etc/other", "umask 033\n")
		f.Write("/etc/profile", strings.Join(append(picked, "umask 027"), "\n"))
		r, err := Start(f, interactive, Options{Mask: 0o022})
		if err != nil {
			rt.Fatal(err)
		}
		if got := bits(r); !slices.Equal(got, []int{0o027}) {
			rt.Fatalf("masks %o after %q", got, picked)
		}
	})
}

func FuzzStart(f *testing.F) {
	for _, l := range layouts() {
		for _, content := range l.files {
			f.Add(content)
		}
	}
	f.Add("case x in (a|b) umask 1;; esac <<E\n${x:-`a`}$((1+(2)))\nE\n")
	tree := hosttest.Tree(f, "")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Start(oneFile{tree, text}, interactive, Options{Mask: 0o022, Home: "/etc/skel"})
		if err == nil && len(r.Masks) == 0 {
			t.Error("no mask at all")
		}
	})
}

// oneFile is an empty tree with a profile that need not be on disk.
type oneFile struct {
	host.Files
	profile string
}

func (o oneFile) ReadFile(path string) ([]byte, error) {
	if path == "/etc/profile" {
		return []byte(o.profile), nil
	}
	return o.Files.ReadFile(path)
}
