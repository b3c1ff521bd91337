package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

const (
	journalDir = "journal" // below host.StateDir
	logName    = "log"
	closedName = "closed"
	undoneName = "undone"

	maxLog = 256 << 20 // bytes
)

// What a run's closed file says.
const (
	stateApplied = "applied"
	statePartly  = "partly undone"
)

// markFormat is one entry of the undone file, which may follow a torn one and be torn itself.
const markFormat = "\n%d."

// Run is one recorded apply.
type Run struct {
	Number  int       `json:"run"`
	Started time.Time `json:"started"`
	Tool    string    `json:"tool,omitempty"`
	Profile string    `json:"profile,omitempty"`
	// State is "interrupted", "applied", or "partly undone".
	State   string `json:"state"`
	Changes int    `json:"changes"`
}

// Interrupted reports whether the run never came to its end.
func (r Run) Interrupted() bool { return r.State == "interrupted" }

// run is a recorded apply with its entries.
type run struct {
	Run
	entries []entry
	done    map[int]*done
	undone  map[int]bool
	made    []text
	vault   host.Vault
}

// Runs lists the recorded applies, the oldest first.
func Runs(w host.Writer) ([]Run, error) {
	numbers, err := runNumbers(w)
	if err != nil {
		return nil, err
	}
	var runs []Run
	for _, n := range numbers {
		r, err := openRun(w, n)
		if err != nil {
			return runs, err
		}
		r.vault.Close()
		runs = append(runs, r.Run)
	}
	return runs, nil
}

// runNumbers lists the runs' directories.
func runNumbers(w host.Writer) ([]int, error) {
	v, err := w.Vault(journalDir, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer v.Close()
	names, err := v.Names()
	if err != nil {
		return nil, err
	}
	var numbers []int
	for _, name := range names {
		if n, err := strconv.Atoi(name); err == nil && n > 0 && strconv.Itoa(n) == name {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// openRun reads a run's log.
func openRun(w host.Writer, number int) (*run, error) {
	v, err := w.Vault(runName(number), false)
	if err != nil {
		return nil, err
	}
	r := &run{Run: Run{Number: number, State: "interrupted"}, vault: v, done: map[int]*done{}, undone: map[int]bool{}}
	if err := r.read(); err != nil {
		v.Close()
		return nil, fmt.Errorf("cannot read the journal of run %d (%s/%s): %w", number, host.StateDir, runName(number), err)
	}
	return r, nil
}

func (r *run) read() error {
	log, err := r.vault.Read(logName, maxLog)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	records, err := readLog(log)
	if err != nil {
		return err
	}
	for _, rec := range records {
		switch {
		case rec.Header != nil:
			r.Started, r.Tool, r.Profile, r.made = rec.Header.Started, rec.Header.Tool, rec.Header.Profile, rec.Header.Made
		case rec.Entry != nil:
			r.entries = append(r.entries, *rec.Entry)
		case rec.Done != nil:
			r.done[rec.Done.N] = rec.Done
		}
	}
	r.Changes = len(r.entries)
	if err := r.readUndone(); err != nil {
		return err
	}
	closed, err := r.vault.Read(closedName, 100)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	// The file is what counts. A run can end while its text is written, at the very end.
	r.State = stateApplied
	if strings.TrimSpace(string(closed)) == statePartly {
		r.State = statePartly
	}
	return err
}

func (r *run) readUndone() error {
	marks, err := r.vault.Read(undoneName, maxLog)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for line := range strings.SplitSeq(string(marks), "\n") {
		if number, whole := strings.CutSuffix(line, "."); whole {
			n, err := strconv.Atoi(number)
			if err != nil {
				return fmt.Errorf("%w: %s has %q", errDamaged, undoneName, line)
			}
			r.undone[n] = true
		}
	}
	return nil
}

// remove removes a run's journal, its log first: a directory without one stands for nothing.
func (r *run) remove(w host.Writer) error {
	if err := r.vault.Remove(logName); err != nil {
		return err
	}
	names, err := r.vault.Names()
	if err != nil {
		return err
	}
	if err := r.vault.Remove(names...); err != nil {
		return err
	}
	gone := host.Node{Absent: true}
	if err := w.Restore(host.StateDir+"/"+runName(r.Number), gone, nil, ""); err != nil {
		return err
	}
	if empty, err := removeEmpty(w); err != nil || !empty {
		return err
	}
	for _, dir := range slices.Backward(r.made) {
		entries, err := w.ReadDir(string(dir))
		if err != nil || len(entries) > 0 {
			return err
		}
		if err := w.Restore(string(dir), gone, nil, ""); err != nil {
			return err
		}
	}
	return nil
}

// removeEmpty removes the directories above the runs' when nothing is in them, and tells whether.
func removeEmpty(w host.Writer) (bool, error) {
	for _, name := range []string{journalDir, ""} {
		empty, err := isEmpty(w, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil || !empty {
			return false, err
		}
		if err := w.Restore(strings.TrimSuffix(host.StateDir+"/"+name, "/"), host.Node{Absent: true}, nil, ""); err != nil {
			return false, err
		}
	}
	return true, nil
}

// tidy removes what runs have left that were killed before they changed anything, or while they were removed.
func tidy(w host.Writer) error {
	err := removeRuns(w, func(r *run) bool { return len(r.entries) == 0 })
	if err == nil {
		_, err = removeEmpty(w)
	}
	return err
}

func isEmpty(w host.Writer, name string) (bool, error) {
	v, err := w.Vault(name, false)
	if err != nil {
		return false, err
	}
	defer v.Close()
	names, err := v.Names()
	return len(names) == 0, err
}

// removeAll removes the journals of all runs.
func removeAll(w host.Writer) error {
	return removeRuns(w, func(*run) bool { return true })
}

// prune removes the oldest runs.
func prune(w host.Writer) error {
	numbers, err := runNumbers(w)
	if err != nil || len(numbers) <= keepRuns {
		return err
	}
	oldest := numbers[len(numbers)-keepRuns]
	return removeRuns(w, func(r *run) bool { return r.Number < oldest })
}

func removeRuns(w host.Writer, which func(*run) bool) error {
	numbers, err := runNumbers(w)
	if err != nil {
		return err
	}
	for _, n := range numbers {
		r, err := openRun(w, n)
		if err != nil {
			return err
		}
		if which(r) {
			err = r.remove(w)
		}
		if err := errors.Join(err, r.vault.Close()); err != nil {
			return fmt.Errorf("cannot remove the journal of run %d: %w", n, err)
		}
	}
	return nil
}

// recoverRuns undoes the runs that were interrupted, the newest first.
func recoverRuns(ctx context.Context, w host.Writer) ([]Result, error) {
	if err := tidy(w); err != nil {
		return nil, err
	}
	numbers, err := runNumbers(w)
	if err != nil {
		return nil, err
	}
	var results []Result
	for _, n := range slices.Backward(numbers) {
		r, err := openRun(w, n)
		if err != nil {
			return results, err
		}
		if r.Interrupted() {
			var result Result
			result, err = r.undo(ctx, w, false)
			results = append(results, result)
		}
		if err := errors.Join(err, r.vault.Close()); err != nil {
			return results, err
		}
	}
	return results, nil
}
