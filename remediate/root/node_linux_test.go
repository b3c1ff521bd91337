package root

import (
	"errors"
	"os"
	"strings"
	"testing"
)

func TestOnlyWhatKilledRunsLeftIsRemoved(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir)
	ours := TempPrefix + "ABCDEFGHIJKLMNOPQRSTUVWXY7"
	for _, name := range []string{ours, "kept", TempPrefix + "note", strings.ToLower(ours)} {
		write(t, dir+"/etc/"+name, "")
	}
	symlink(t, "x", dir+"/etc/"+strings.Replace(ours, "A", "B", 1))
	for range 2 {
		if err := r.RemoveTemps("/etc"); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.RemoveTemps("/none"); err != nil {
		t.Error(err)
	}
	onlyFiles(t, dir+"/etc", strings.ToLower(ours), TempPrefix+"note", "kept")
}

func TestNothingIsRestoredThroughALink(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/real/x", "kept")
	symlink(t, "real", dir+"/link")
	r := open(t, dir)
	if _, err := r.Node("/link/x"); !errors.Is(err, ErrChanged) {
		t.Errorf("got %v", err)
	}
	if err := r.Restore("/link/x", Node{Absent: true}, nil, ""); !errors.Is(err, ErrChanged) {
		t.Errorf("got %v", err)
	}
	if err := r.RemoveTemps("/link"); !errors.Is(err, ErrChanged) {
		t.Errorf("got %v", err)
	}
	if content, err := os.ReadFile(dir + "/real/x"); err != nil || string(content) != "kept" {
		t.Errorf("got %q, %v", content, err)
	}
}

func TestALockIsExclusiveAndEndsWhenReleased(t *testing.T) {
	dir := t.TempDir()
	for _, file := range []string{"", "/run.lock"} {
		a, b := open(t, dir), open(t, dir)
		release, err := a.Lock(file)
		if err != nil {
			t.Fatal(err)
		}
		var busy *ErrInUse
		if _, err := b.Lock(file); !errors.As(err, &busy) || busy.PID != os.Getpid() {
			t.Errorf("%q: got %v", file, err)
		}
		if err := release(); err != nil {
			t.Fatal(err)
		}
		if release, err = b.Lock(file); err != nil {
			t.Errorf("%q: got %v", file, err)
		} else if err := release(); err != nil {
			t.Error(err)
		}
	}
	symlink(t, "elsewhere", dir+"/linked.lock")
	if _, err := open(t, dir).Lock("/linked.lock"); err == nil {
		t.Error("a link was opened")
	}
}
