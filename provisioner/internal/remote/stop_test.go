package remote

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nodeimage/packer-plugin-harden/provisioner/internal/commtest"
)

// gone waits until a directory is removed.
func gone(t *testing.T, dir string, within time.Duration) {
	t.Helper()
	for deadline := time.Now().Add(within); ; time.Sleep(50 * time.Millisecond) {
		if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is still there after %s", dir, within)
		}
	}
}

// cutOff runs a program, and cuts every way to the target but the run's own line once it has begun.
func cutOff(t *testing.T, f *fixture, seconds string) (dir, result string, ended chan struct{}, cancel context.CancelFunc) {
	t.Helper()
	f.machine.Listens = true
	s := f.stage(t)
	binary := f.upload(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	began := make(chan struct{}, 1)
	f.comm.OnStart = func(command string) commtest.Fault {
		if strings.Contains(command, "harden-listen") {
			return commtest.None
		}
		return commtest.Refused
	}
	ended = make(chan struct{})
	go func() {
		defer close(ended)
		_, _, _ = s.Run(ctx, Run{Args: []string{binary, "program", s.Path("result"), seconds, "0"}, Limit: 100, Lines: func(line string) {
			if strings.Contains(line, "harden-") {
				t.Errorf("what the run is told is shown: %s", line)
			}
			select {
			case began <- struct{}{}:
			default:
			}
		}})
	}()
	<-began
	return s.Dir, s.Path("result"), ended, cancel
}

func TestACancelledRunIsToldOverItsOwnLine(t *testing.T) {
	f := newFixture(t)
	f.machine.Patience = 300 * time.Millisecond
	dir, _, ended, cancel := cutOff(t, f, "60")
	start := time.Now()
	cancel()
	f.comm.Wait()
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it ended only after %s", took)
	}
	<-ended
	gone(t, dir, 15*time.Second)
}

func TestARunWhoseSessionEndsIsStoppedWhenNobodyComesBack(t *testing.T) {
	f := newFixture(t)
	dir, result, ended, cancel := cutOff(t, f, "60")
	defer cancel()
	start := time.Now()
	f.comm.HangUp() // as when Packer is killed
	f.comm.Wait()
	if took := time.Since(start); took < 5*time.Second || took > 20*time.Second {
		t.Errorf("it ended after %s", took)
	}
	if _, err := os.Stat(result); err == nil {
		t.Error("it went on to its end")
	}
	gone(t, dir, 15*time.Second)
	cancel()
	<-ended
}

func TestARunThatIsNotToldAnythingGoesOn(t *testing.T) {
	f := newFixture(t)
	f.machine.Listens = false
	s := f.stage(t)
	binary := f.upload(t, s)
	status, _, err := s.Run(t.Context(), Run{Args: []string{binary, "program", s.Path("result"), "9", "0"}, Limit: 100, Lines: func(string) {}})
	if err != nil || status.Code != 0 {
		t.Fatalf("%v %v", status, err)
	}
}
