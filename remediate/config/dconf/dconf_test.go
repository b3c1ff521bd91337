package dconf

import (
	"encoding/binary"
	"os"
	"slices"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

const idle = "/org/gnome/desktop/session/idle-delay"

// compiled is what dconf 0.40 made of an idle-delay of 300, a banner and a lock.
func compiled(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/compiled")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestParseDatabase(t *testing.T) {
	db, err := ParseDatabase(compiled(t))
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		idle: "uint32 300", "/org/gnome/login-screen/banner-message-enable": "true", "/org/gnome/login-screen/banner-message-text": "'hi'",
	} {
		if got := db.Values[key]; got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if len(db.Values) != 3 || !slices.Equal(db.Locks, []string{idle}) {
		t.Errorf("values %v, locks %v", db.Values, db.Locks)
	}
}

func TestADamagedDatabaseIsAnError(t *testing.T) {
	good := compiled(t)
	loop := slices.Clone(good)
	binary.LittleEndian.PutUint32(loop[0x4c:], 0) // the first entry becomes its own parent
	for name, data := range map[string][]byte{
		"nothing":            nil,
		"something else":     []byte("#!/bin/sh\n# long enough to have a header\n"),
		"the first half":     good[:len(good)/2],
		"an endless chain":   loop,
		"the wrong way":      append([]byte("raVGtnai"), good[8:]...),
		"a header by itself": good[:24],
	} {
		if db, err := ParseDatabase(data); err == nil {
			t.Errorf("%s: no error, and %d values", name, len(db.Values))
		}
	}
}

func TestWhatTheDatabasesOfAProfileComeTo(t *testing.T) {
	db := func(value string, locks ...string) *Database {
		d := &Database{Values: map[string]string{}, Locks: locks}
		if value != "" {
			d.Values[idle] = value
		}
		return d
	}
	for name, tc := range map[string]struct {
		stack  []*Database
		value  string
		at     int
		locked bool
	}{
		"nothing":                              {nil, "", -1, false},
		"the first that has it wins":           {[]*Database{db(""), db("1"), db("2")}, "1", 1, false},
		"a lock further down goes before":      {[]*Database{db("1"), db("2", idle)}, "2", 1, true},
		"a lock above it leaves it":            {[]*Database{db("1", idle), db("2")}, "1", 0, true},
		"a lock of another key is none":        {[]*Database{db("1", idle+"x")}, "1", 0, false},
		"a lock of the directory is none":      {[]*Database{db("1", "/org/gnome/desktop/session/")}, "1", 0, false},
		"a lock without a value below is both": {[]*Database{db("1"), db("", idle), db("3")}, "3", 2, true},
	} {
		value, at, locked := Decide(tc.stack, idle)
		if value != tc.value || at != tc.at || locked != tc.locked {
			t.Errorf("%s: %q at %d, locked %t", name, value, at, locked)
		}
	}
}

func TestProfile(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/usr/share/dconf/profile/gdm", "user-db:user\nsystem-db:gdm # the greeter\nfile-db:/usr/share/gdm/greeter-dconf-defaults\nsystem-db:../x\n")
	file, sources, err := Profile(f, "gdm")
	if err != nil || file != "/usr/share/dconf/profile/gdm" || len(sources) != 2 ||
		sources[0].Path != "/etc/dconf/db/gdm" || sources[1].Path != "/usr/share/gdm/greeter-dconf-defaults" {
		t.Errorf("%s %+v %v", file, sources, err)
	}
	f.Write("/etc/dconf/profile/gdm", "system-db:mine\n")
	if file, sources, _ := Profile(f, "gdm"); file != "/etc/dconf/profile/gdm" || len(sources) != 1 {
		t.Errorf("/etc does not go first: %s %+v", file, sources)
	}
	if _, _, err := Profile(f, "user"); err == nil {
		t.Error("a profile that is not there is no error")
	}
}

func FuzzParseDatabase(f *testing.F) {
	f.Add(compiled(f))
	f.Add([]byte("GVariant"))
	f.Fuzz(func(t *testing.T, data []byte) {
		db, err := ParseDatabase(data)
		if err == nil && db == nil {
			t.Error("neither a database nor an error")
		}
	})
}
