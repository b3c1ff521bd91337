// Package journal makes an apply a transaction. It stands between the engine and the machine: before
// each change it writes down, durably, what stood there, and then lets the change happen. What a run has
// done can be taken back, also by another process after the first one was killed.
//
// A run has a directory of its own below host.StateDir, which only root can look into:
//
//	log      one line an entry: a checksum, and what is about to change; see record.go
//	1, 2     the files that entries 1 and 2 replaced or removed: hard links to them where possible
//	closed   says that the run is over; a run without it was interrupted
//	undone   the numbers of the entries that were taken back
//
// A directory without a log is what is left of a run that is over and was being removed.
package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Options of a run.
type Options struct {
	// Keep leaves the journal on the machine when the run is over, so that it can be undone later. Without
	// it, the journals of all runs are removed: old contents do not ship.
	Keep bool
	// LockTimeout is for how long another run on the machine is waited for. By default it is not.
	LockTimeout time.Duration
	// Tool and Profile are noted, for people.
	Tool, Profile string
}

// keepRuns is how many runs that are over stay on a machine.
const keepRuns = 8

// Journal is the record of one run, and the only way in which that run changes the machine.
type Journal struct {
	on      host.Writer
	options Options
	release func() error

	vault  host.Vault // of this run, once there is something to record
	number int
	log    chain
	last   int     // entry
	broken error   // why nothing may be changed any more
	links  []place // of units, after the last change of one
}

var _ host.Changer = (*Journal)(nil)

// Open takes the machine's lock and undoes the runs that were interrupted, of which it gives the results.
// Nothing is written before there is a change to record.
func Open(ctx context.Context, w host.Writer, o Options) (*Journal, []Result, error) {
	release, err := lock(ctx, w, o.LockTimeout)
	if err != nil {
		return nil, nil, err
	}
	results, err := recoverRuns(ctx, w)
	if err != nil {
		return nil, results, errors.Join(err, release())
	}
	return &Journal{on: w, options: o, release: release}, results, nil
}

// lock waits for the machine's lock.
func lock(ctx context.Context, w host.Writer, timeout time.Duration) (func() error, error) {
	const pause = 100 * time.Millisecond
	until := time.Now().Add(timeout)
	for {
		release, err := w.Lock()
		var busy *host.ErrInUse
		if err == nil || !errors.As(err, &busy) || time.Now().After(until) {
			return release, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", busy, ctx.Err())
		case <-time.After(min(pause, timeout)):
		}
	}
}

// Commit ends a run that went through. Without it the run counts as interrupted.
func (j *Journal) Commit() error {
	if j.broken != nil {
		return j.broken
	}
	if !j.options.Keep {
		return removeAll(j.on)
	}
	if j.vault == nil {
		return nil
	}
	if err := j.vault.Append(closedName, []byte(stateApplied+"\n"), true); err != nil {
		return err
	}
	return prune(j.on)
}

// Undo takes back what this run has done so far, and ends it.
func (j *Journal) Undo(ctx context.Context) (result Result, err error) {
	if j.vault == nil {
		return Result{}, nil
	}
	r, err := openRun(j.on, j.number)
	if err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, r.vault.Close()) }()
	j.broken = errors.New("the run was taken back")
	return r.undo(ctx, j.on, false)
}

// Run is the number of this run, or 0 while nothing has been changed.
func (j *Journal) Run() int { return j.number }

// Close releases the machine, whether the run went through or not.
func (j *Journal) Close() error {
	var err error
	if j.vault != nil {
		err = j.vault.Close()
	}
	return errors.Join(err, j.release())
}

// begin makes the run's directory and starts its log.
func (j *Journal) begin() error {
	numbers, err := runNumbers(j.on)
	if err != nil {
		return err
	}
	j.number = 1
	if n := len(numbers); n > 0 {
		j.number = numbers[n-1] + 1
	}
	h := header{Format: format, Started: time.Now().UTC(), Tool: j.options.Tool, Profile: j.options.Profile}
	if h.Made, err = j.missingDirs(host.StateDir); err != nil {
		return err
	}
	if j.vault, err = j.on.Vault(runName(j.number), true); err != nil {
		return err
	}
	return j.append(record{Header: &h})
}

func runName(number int) string { return journalDir + "/" + strconv.Itoa(number) }

func (j *Journal) append(r record) error {
	line, err := j.log.line(r)
	if err != nil {
		return err
	}
	return j.vault.Append(logName, line, true)
}

// around records an entry, with what it is to keep, and makes the change. Once something could not be
// recorded, nothing is changed any more.
func (j *Journal) around(e *entry, change func() error) error {
	if j.broken == nil {
		j.broken = j.record(e)
	}
	if j.broken != nil {
		return fmt.Errorf("nothing is changed that cannot be recorded: %w", j.broken)
	}
	return change()
}

func (j *Journal) record(e *entry) error {
	if j.vault == nil {
		if err := j.begin(); err != nil {
			return err
		}
	}
	j.last++
	e.N = j.last
	if e.Op != opFile || e.Before.Absent {
		return j.append(record{Entry: e})
	}
	if err := j.vault.Keep(string(e.Path), strconv.Itoa(e.N)); err != nil {
		return err
	}
	// In this order, since a file system that syncs the log writes the name out with it, and the second
	// sync finds nothing left to do.
	if err := j.append(record{Entry: e}); err != nil {
		return err
	}
	return j.vault.Sync()
}

// finished notes that an entry's change was made, and what came of it. Without the note the change counts as
// one that was interrupted, so that it need not be durable at once.
func (j *Journal) finished(e *entry, after []place) error {
	line, err := j.log.line(record{Done: &done{N: e.N, After: after}})
	if err == nil {
		err = j.vault.Append(logName, line, false)
	}
	if err != nil {
		j.broken = err
		return err
	}
	return nil
}

// missingDirs lists the directories above path that are absent, from the top down.
func (j *Journal) missingDirs(file string) ([]text, error) {
	var missing []text
	for dir := path.Dir(file); dir != "/"; dir = path.Dir(dir) {
		_, err := j.on.Lstat(dir)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		missing = append([]text{text(dir)}, missing...)
	}
	return missing, nil
}
