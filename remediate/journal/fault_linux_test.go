package journal_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/journal"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// fault is what happens at one operation that changes something.
type fault struct {
	name string
	err  error
	// after says that the operation is still carried out.
	after bool
	// half says that of what is appended half is written.
	half bool
	// lasts says that all later ones fail too, as after a kill or on a file system that is full.
	lasts bool
}

var errKilled = errors.New("killed")

var faults = []fault{
	{name: "killed before it", err: errKilled, lasts: true},
	{name: "killed in it", err: errKilled, half: true, lasts: true},
	{name: "killed after it", err: errKilled, after: true, lasts: true},
	{name: "input/output error", err: syscall.EIO},
	{name: "input/output error after it was done", err: syscall.EIO, after: true},
	{name: "file system full", err: syscall.ENOSPC, half: true, lasts: true},
	{name: "over quota", err: syscall.EDQUOT, half: true, lasts: true},
	{name: "file system read-only", err: syscall.EROFS, lasts: true},
}

// faulty is a machine on which one operation goes wrong.
type faulty struct {
	*hosttest.Fake
	fault
	at, count int
}

// try carries an operation out, or not.
func (f *faulty) try(do func() error) error { return f.tryAppend(do, nil) }

func (f *faulty) tryAppend(do, half func() error) error {
	n := f.count
	f.count++
	if f.err == nil || n < f.at || n > f.at && !f.lasts {
		return do()
	}
	err := error(&fs.PathError{Op: "do", Path: fmt.Sprint("operation ", n), Err: f.err})
	if n == f.at && f.after {
		return errors.Join(do(), err)
	}
	if n == f.at && f.half && half != nil {
		return errors.Join(half(), err)
	}
	return err
}

func (f *faulty) Replace(path string, content []byte, create rule.Attr) error {
	return f.try(func() error { return f.Fake.Replace(path, content, create) })
}

func (f *faulty) ReplaceLink(path string, content []byte, create rule.Attr) error {
	return f.try(func() error { return f.Fake.ReplaceLink(path, content, create) })
}

func (f *faulty) SetAttr(path string, mode *fs.FileMode, uid, gid *int) error {
	return f.try(func() error { return f.Fake.SetAttr(path, mode, uid, gid) })
}

func (f *faulty) SetAttrOf(path string, seen rule.Attr, mode *fs.FileMode, uid, gid *int) error {
	return f.try(func() error { return f.Fake.SetAttrOf(path, seen, mode, uid, gid) })
}

func (f *faulty) Remove(path string) error { return f.try(func() error { return f.Fake.Remove(path) }) }

func (f *faulty) ChangeUnit(ctx context.Context, name string, action rule.UnitAction) error {
	return f.try(func() error { return f.Fake.ChangeUnit(ctx, name, action) })
}

func (f *faulty) SetSysctl(key, value string) error {
	return f.try(func() error { return f.Fake.SetSysctl(key, value) })
}

func (f *faulty) UnloadModule(name string) error {
	return f.try(func() error { return f.Fake.UnloadModule(name) })
}

func (f *faulty) LoadModule(ctx context.Context, name string) error {
	return f.try(func() error { return f.Fake.LoadModule(ctx, name) })
}

func (f *faulty) Remount(path string, options []string) error {
	return f.try(func() error { return f.Fake.Remount(path, options) })
}

func (f *faulty) Restore(path string, want host.Node, from host.Vault, name string) error {
	if v, ok := from.(faultyVault); ok {
		from = v.Vault
	}
	return f.try(func() error { return f.Fake.Restore(path, want, from, name) })
}

func (f *faulty) RemoveTemps(dir string) error {
	return f.try(func() error { return f.Fake.RemoveTemps(dir) })
}

func (f *faulty) ReloadUnits(ctx context.Context) error {
	return f.try(func() error { return f.Fake.ReloadUnits(ctx) })
}

func (f *faulty) Vault(name string, create bool) (host.Vault, error) {
	var v host.Vault
	open := func() (err error) {
		v, err = f.Fake.Vault(name, create)
		return err
	}
	if !create {
		return faultyVault{v, f}.of(open(), &v)
	}
	err := f.try(open)
	if err != nil && v != nil {
		v.Close()
	}
	return faultyVault{v, f}.of(err, &v)
}

type faultyVault struct {
	host.Vault
	on *faulty
}

func (v faultyVault) of(err error, opened *host.Vault) (host.Vault, error) {
	if err != nil {
		return nil, err
	}
	return faultyVault{*opened, v.on}, nil
}

func (v faultyVault) Keep(path, name string) error {
	return v.on.try(func() error { return v.Vault.Keep(path, name) })
}

func (v faultyVault) Sync() error { return v.on.try(v.Vault.Sync) }

func (v faultyVault) Append(name string, data []byte, sync bool) error {
	return v.on.tryAppend(func() error { return v.Vault.Append(name, data, sync) },
		func() error { return v.Vault.Append(name, data[:len(data)/2], sync) })
}

func (v faultyVault) Remove(names ...string) error {
	return v.on.try(func() error { return v.Vault.Remove(names...) })
}

// attempt makes all changes until one goes wrong.
func attempt(t testing.TB, f host.Writer) error {
	j, _, err := journal.Open(t.Context(), f, keep)
	if err != nil {
		return err
	}
	defer j.Close()
	for _, s := range steps() {
		if err := s.do(t, j); err != nil {
			return err
		}
	}
	return j.Commit()
}

// allowed lists, for every path, each state in which it stands in a run without faults.
func allowed(t testing.TB) map[string]map[string]bool {
	f := machine(t)
	states := map[string]map[string]bool{}
	note := func() {
		now := plainState(t, f)
		for path, state := range now {
			if states[path] == nil {
				states[path] = map[string]bool{"": true} // absent, before or after
			}
			states[path][state] = true
		}
	}
	note()
	for path := range states {
		delete(states[path], "") // is there from the start
	}
	j, _, err := journal.Open(t.Context(), f, keep)
	must(t, err)
	defer j.Close()
	for _, s := range steps() {
		must(t, s.do(t, j))
		note()
		now := plainState(t, f)
		for path := range states {
			if _, there := now[path]; !there {
				states[path][""] = true
			}
		}
	}
	return states
}

// plainState is stateOf without inodes and times, which no two machines share.
func plainState(t testing.TB, f *hosttest.Fake) map[string]string {
	plain := map[string]string{}
	for path, state := range stateOf(t, f) {
		if i := strings.Index(state, " inode "); i >= 0 {
			_, content, _ := strings.Cut(state, ": ")
			state = state[:i] + ": " + content
		}
		plain[path] = state
	}
	return plain
}

func TestEveryFaultLeavesOldOrNewAndCanBeTakenBack(t *testing.T) {
	inMemory(t)
	old := allowed(t)
	counted := 0
	for _, fa := range faults {
		t.Run(fa.name, func(t *testing.T) {
			for at := 0; ; at++ {
				f := &faulty{Fake: machine(t), fault: fa, at: at}
				before, running := stateOf(t, f.Fake), runningOf(f.Fake)
				err := attempt(t, f)
				if f.count <= at {
					must(t, err)
					return // there is no such operation
				}
				counted++
				if err == nil {
					t.Fatalf("operation %d: nobody noticed", at)
				}
				for path, state := range plainState(t, f.Fake) {
					if !old[path][state] {
						t.Fatalf("operation %d: %s is neither old nor new: %s", at, path, state)
					}
				}
				f.err = nil // all is well again
				if at%2 == 0 {
					nextRun(t, f)
				}
				undoRest(t, f)
				compare(t, f.Fake, before, running)
				if t.Failed() {
					t.Fatalf("operation %d: %v", at, err)
				}
			}
		})
	}
	t.Logf("figure: faults of %d kinds at the operations of a run of %d changes, in process: %d", len(faults), len(steps()), counted)
}

// nextRun is a run that has nothing to do itself, and undoes what was interrupted.
func nextRun(t *testing.T, f host.Writer) {
	t.Helper()
	j, results, err := journal.Open(t.Context(), f, keep)
	must(t, err)
	for _, r := range results {
		if len(r.Left) > 0 {
			t.Errorf("left %+v", r.Left)
		}
	}
	must(t, errors.Join(j.Commit(), j.Close()))
}

// undoRest undoes every run that is still recorded.
func undoRest(t *testing.T, f host.Writer) {
	t.Helper()
	for {
		result, err := journal.Undo(t.Context(), f, journal.UndoOptions{})
		if errors.Is(err, journal.ErrNoRun) {
			return
		}
		if err != nil || len(result.Left) > 0 {
			t.Fatalf("%v, left %+v", err, result.Left)
		}
	}
}

func TestEveryFaultOfAnUndoCanBeRepeated(t *testing.T) {
	inMemory(t)
	counted := 0
	for _, fa := range faults {
		t.Run(fa.name, func(t *testing.T) {
			for at := 0; ; at++ {
				f := &faulty{Fake: machine(t)}
				before, running := stateOf(t, f.Fake), runningOf(f.Fake)
				must(t, attempt(t, f))
				f.fault, f.at, f.count = fa, at, 0
				_, _ = journal.Undo(t.Context(), f, journal.UndoOptions{})
				if f.count <= at {
					return // there is no such operation
				}
				counted++
				f.err = nil
				undoRest(t, f)
				compare(t, f.Fake, before, running)
				if t.Failed() {
					t.Fatalf("operation %d", at)
				}
			}
		})
	}
	t.Logf("figure: the same at the operations of its undo, which was then done again: %d", counted)
}

// inMemory keeps the machines of a test in memory, where syncing costs nothing.
func inMemory(t *testing.T) {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		t.Setenv("TMPDIR", "/dev/shm")
	}
}
