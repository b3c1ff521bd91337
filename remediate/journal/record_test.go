package journal

import (
	"reflect"
	"testing"
)

// FuzzReadLog: whatever stands in a log, reading it ends, and what it holds is what was written.
func FuzzReadLog(f *testing.F) {
	f.Add([]byte(""), "/etc/x")
	f.Add([]byte("0 {}\n"), "/etc/\xff\x00\n\"\\")
	f.Fuzz(func(t *testing.T, tail []byte, path string) {
		var c chain
		records := []record{{Header: &header{Format: format}}, {Entry: &entry{N: 1, Op: opFile, Path: text(path), Before: &state{Target: text(path)}, After: &state{Absent: true}}}}
		var log []byte
		for _, r := range records {
			line, err := c.line(r)
			if err != nil {
				t.Fatal(err)
			}
			log = append(log, line...)
		}
		got, err := readLog(log)
		if err != nil || !reflect.DeepEqual(got, records) {
			t.Fatalf("got %+v, %v", got, err)
		}
		// A torn line is passed over, wherever it ends.
		for end := range log {
			if _, err := readLog(log[:end]); err != nil {
				t.Fatalf("cut at %d: %v", end, err)
			}
		}
		if got, err := readLog(append(log, tail...)); err == nil && len(got) != 2 && len(tail) > 0 {
			t.Fatalf("%d records with the tail %q", len(got), tail)
		}
	})
}

func TestOptionsOfAMountAreTakenBack(t *testing.T) {
	for _, c := range []struct {
		option, want string
		was          []string
	}{
		{"nodev", "dev", nil},
		{"exec", "noexec", nil},
		{"ro", "rw", nil},
		{"rw", "ro", nil},
		{"noatime", "relatime", []string{"rw", "relatime"}},
		{"relatime", "noatime", []string{"noatime"}},
		{"noatime", "strictatime", []string{"rw"}},
	} {
		if got := opposite(c.option, c.was); got != c.want {
			t.Errorf("%s over %v: got %s, want %s", c.option, c.was, got, c.want)
		}
	}
}
