package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Result is what undoing a run came to.
type Result struct {
	Run Run `json:"run"`
	// Restored lists what is as it was before the run.
	Restored []string `json:"restored"`
	Left     []Left   `json:"left"`
}

// Left is something that is not as it was, and why.
type Left struct {
	Target string `json:"target"`
	Reason string `json:"reason"`
	// Again says that another attempt, or --force, could make a difference.
	Again bool `json:"again,omitempty"`
}

// UndoOptions say what to undo, and how.
type UndoOptions struct {
	Options
	// Run is the run's number. By default it is the newest that was interrupted, or else the newest.
	Run int
	// Force also restores what somebody else has changed since.
	Force bool
}

// ErrNoRun says that there is nothing to undo.
var ErrNoRun = errors.New("no apply is recorded here")

// Undo takes a run back, in reverse order. It may be killed and done again. What it could not restore is
// in the result, and the journal stays as long as another attempt makes sense.
func Undo(ctx context.Context, w host.Writer, o UndoOptions) (result Result, err error) {
	release, err := lock(ctx, w, o.LockTimeout)
	if err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, release()) }()
	if err := tidy(w); err != nil {
		return Result{}, err
	}
	runs, err := Runs(w)
	if err != nil {
		return Result{}, err
	}
	number, err := choose(runs, o.Run)
	if err != nil {
		return Result{}, err
	}
	r, err := openRun(w, number)
	if err != nil {
		return Result{}, err
	}
	defer r.vault.Close()
	return r.undo(ctx, w, o.Force)
}

func choose(runs []Run, number int) (int, error) {
	if number != 0 {
		if !slices.ContainsFunc(runs, func(r Run) bool { return r.Number == number }) {
			return 0, fmt.Errorf("cannot undo run %d: %w", number, ErrNoRun)
		}
		return number, nil
	}
	for _, r := range slices.Backward(runs) {
		if r.Interrupted() {
			return r.Number, nil
		}
	}
	if len(runs) == 0 {
		return 0, ErrNoRun
	}
	return runs[len(runs)-1].Number, nil
}

// undo restores what the entries say: files and links first, the last one first, then what runs, which reads
// them.
func (r *run) undo(ctx context.Context, w host.Writer, force bool) (Result, error) {
	u := undoing{run: r, on: w, force: force, result: Result{Run: r.Run, Restored: []string{}, Left: []Left{}}}
	// From here on the run counts as interrupted: whoever comes next goes on, should this be killed.
	if err := r.vault.Remove(closedName); err != nil {
		return u.result, err
	}
	if err := u.removeTemps(); err != nil {
		return u.result, err
	}
	for {
		progress := len(r.undone)
		u.blocked = map[string]bool{}
		u.result.Left = slices.DeleteFunc(u.result.Left, func(l Left) bool { return l.Again })
		if err := u.pass(ctx); err != nil {
			return u.result, err
		}
		// What was removed can make room for what could not be restored.
		if !u.again() || len(r.undone) == progress {
			break
		}
	}
	return u.result, u.end()
}

// pass undoes what it can of what is not undone yet.
func (u *undoing) pass(ctx context.Context) error {
	for _, phase := range []func(op) bool{persisted, running} {
		for _, e := range slices.Backward(u.run.entries) {
			if !phase(e.Op) || u.run.undone[e.N] {
				continue
			}
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("stopped before %s: %w", e.Path, err)
			}
			u.entry(ctx, e)
		}
		// Also when the links were restored by an earlier attempt, which may not have come to this.
		if units := func(e entry) bool { return phase(e.Op) && e.Op == opUnits }; slices.ContainsFunc(u.run.entries, units) {
			if err := u.on.ReloadUnits(ctx); err != nil {
				u.left("systemd", err.Error(), true)
			}
		}
	}
	return nil
}

// again reports whether another attempt could make a difference.
func (u *undoing) again() bool {
	return slices.ContainsFunc(u.result.Left, func(l Left) bool { return l.Again })
}

// end removes the journal, unless something is left for another attempt.
func (u *undoing) end() error {
	if !u.again() {
		return u.run.remove(u.on)
	}
	return u.run.vault.Append(closedName, []byte(statePartly+"\n"), true)
}

func persisted(o op) bool { return o == opFile || o == opAttr || o == opUnits || o == opPackages }
func running(o op) bool   { return !persisted(o) }

type undoing struct {
	run    *run
	on     host.Writer
	force  bool
	result Result
	// blocked is what an entry that could not be undone is about.
	blocked map[string]bool
	// unmarked says that what is undone could not be noted.
	unmarked bool
}

func (u *undoing) restored(target string) {
	if !slices.Contains(u.result.Restored, target) {
		u.result.Restored = append(u.result.Restored, target)
	}
}

func (u *undoing) left(target, reason string, again bool) {
	l := Left{target, reason, again}
	if !slices.Contains(u.result.Left, l) {
		u.result.Left = append(u.result.Left, l)
	}
}

const changedSince = "it has been changed by somebody else since"

// about is what an entry's change is about: of two entries about the same, the later one goes first.
func (e entry) about() string {
	switch e.Op {
	case opFile, opAttr:
		return string(e.Path)
	case opUnits:
		return string(opUnits)
	}
	return string(e.Op) + " " + string(e.Path)
}

func (u *undoing) entry(ctx context.Context, e entry) {
	if u.blocked[e.about()] {
		return // a later entry, which is noted, has to go first
	}
	var err error
	switch e.Op {
	case opFile:
		err = u.file(e)
	case opAttr:
		err = u.attr(e)
	case opUnits:
		err = u.links(e)
	case opUnit:
		err = u.unit(ctx, e)
	case opSysctl:
		err = u.sysctl(e)
	case opModule:
		err = u.module(ctx, e)
	case opMount:
		err = u.mount(e)
	case opPackages:
		what := e.Now + " by this run"
		if u.run.done[e.N] == nil {
			what = "perhaps " + what + ", which was interrupted"
		}
		u.left("packages "+string(e.Path), what+": the package manager's to take back", false)
		return
	default:
		err = fmt.Errorf("this version does not know changes of the kind %q", e.Op)
	}
	switch {
	case err == nil:
		u.restored(string(e.Path))
		u.mark(e.N)
	case errors.Is(err, host.ErrChanged):
		u.left(string(e.Path), changedSince, true)
	default:
		u.left(string(e.Path), err.Error(), true)
	}
	if err != nil {
		u.blocked[e.about()] = true
	}
}

// mark notes that an entry is undone, for an attempt after this one was killed: what an entry restored may be
// what an earlier one has to restore something else over. Where nothing can be written any more the undo goes
// on: the next attempt then leaves alone what it cannot explain.
func (u *undoing) mark(n int) {
	u.run.undone[n] = true
	if u.unmarked {
		return
	}
	u.unmarked = u.run.vault.Append(undoneName, fmt.Appendf(nil, markFormat, n), true) != nil
}

// file puts back what was kept.
func (u *undoing) file(e entry) error {
	now, err := observe(u.on, string(e.Path))
	if err != nil {
		return err
	}
	if !u.force && !same(now, *e.Before) && !(same(now, *e.After) && sameXattrs(now, e)) {
		return host.ErrChanged
	}
	if !untouched(now, *e.Before) {
		if err := u.putBack(e); err != nil {
			return err
		}
	}
	if err := u.removeDirs(e.Dirs); err != nil {
		return err
	}
	return u.otherNames(e)
}

func (u *undoing) putBack(e entry) error {
	name := strconv.Itoa(e.N)
	kept, err := u.run.vault.Has(name)
	if err != nil {
		return err
	}
	var from host.Vault
	if kept {
		from = u.run.vault
	} else if e.Before.Mode.IsRegular() && !e.Before.Absent {
		return errors.New("its old content is not in the journal any more")
	}
	return u.on.Restore(string(e.Path), e.Before.node(), from, name)
}

// untouched reports whether a path is still the very file that it was: the change was never made.
func untouched(now, before state) bool {
	return same(now, before) && now.Inode == before.Inode && now.ModTime == before.ModTime
}

// otherNames says when a file had hard links, and could not be given back as one of them.
func (u *undoing) otherNames(e entry) error {
	if e.Before.Absent || e.Before.Links < 2 || !e.Before.Mode.IsRegular() {
		return nil
	}
	now, err := u.on.Node(string(e.Path))
	if err == nil && now.Inode != e.Before.Inode {
		u.left(string(e.Path), fmt.Sprintf("restored as a file of its own: it was one of %d hard links", e.Before.Links), false)
	}
	return err
}

// removeDirs removes directories that the run made, unless something is in them.
func (u *undoing) removeDirs(dirs []text) error {
	for _, dir := range slices.Backward(dirs) {
		entries, err := u.on.ReadDir(string(dir))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		switch {
		case len(entries) == 0:
		case u.ours(string(dir)):
			return nil
		case len(u.blocked) > 0:
			return fmt.Errorf("directory %s is not empty yet", dir)
		default:
			u.left(string(dir), "something else was put into the directory that the run made", false)
			return nil
		}
		if err := u.on.Restore(string(dir), host.Node{Absent: true}, nil, ""); err != nil {
			return err
		}
	}
	return nil
}

// ours reports whether all that is below a directory was made by the run.
func (u *undoing) ours(dir string) bool {
	rest, above := strings.CutPrefix(host.StateDir, dir)
	return above && strings.HasPrefix(rest, "/")
}

// same compares a path as it is with a state of the journal. Times and inodes do not count: a file that was
// copied back, or by hand, is as good.
func same(now, want state) bool {
	if now.Absent || want.Absent {
		return now.Absent == want.Absent
	}
	return now.Mode == want.Mode && now.UID == want.UID && now.GID == want.GID && now.Target == want.Target &&
		now.SHA256 == want.SHA256 && (now.Mode.IsDir() || now.Size == want.Size)
}

// sameXattrs reports whether a replaced file has the attributes that it had before. Those of a new one are
// its directory's doing.
func sameXattrs(now state, e entry) bool {
	if e.Before.Absent || !e.Before.Mode.IsRegular() {
		return true
	}
	return slices.EqualFunc(now.Xattrs, e.After.Xattrs, func(a, b xattr) bool {
		return a.Name == b.Name && string(a.Value) == string(b.Value)
	})
}

// attr gives owner and mode back.
func (u *undoing) attr(e entry) error {
	n, err := u.on.Node(string(e.Path))
	if err != nil {
		return err
	}
	now := stateOf(n)
	switch {
	case now.Absent || now.Mode.Type() != e.Before.Mode.Type():
		return host.ErrChanged
	case u.force:
	// Another file under the name may be one that its directory's owner has put there.
	case now.Inode != e.Before.Inode, !between(now, *e.Before, *e.After):
		return host.ErrChanged
	}
	return u.on.Restore(string(e.Path), e.Before.node(), nil, "")
}

// between reports whether a state is one that a change goes through: the owner is set first, which makes the
// kernel drop set-id bits, and the mode afterwards.
func between(now, before, after state) bool {
	const setID = fs.ModeSetuid | fs.ModeSetgid
	return (now.UID == before.UID || now.UID == after.UID) && (now.GID == before.GID || now.GID == after.GID) &&
		(now.Mode == before.Mode || now.Mode == after.Mode || now.Mode == before.Mode&^setID || now.Mode == before.Mode&^fs.ModeSetuid)
}

// links gives back the links of units.
func (u *undoing) links(e entry) error {
	_, now, err := unitLinks(u.on)
	if err != nil {
		return err
	}
	changed := difference(e.Links, now)
	if d := u.run.done[e.N]; d != nil {
		changed = d.After
	}
	var back, away []text
	var refused []string
	for _, c := range changed {
		before, is := at(e.Links, c.Path), at(now, c.Path)
		switch {
		case sameLink(is, before):
		case !u.force && !sameLink(is, c.State):
			refused = append(refused, string(c.Path))
		case before.Absent:
			away = append(away, c.Path)
		default:
			back = append(back, c.Path)
		}
	}
	slices.Sort(back) // directories before what is in them
	for _, file := range back {
		if err := u.link(string(file), at(e.Links, file)); err != nil {
			return err
		}
	}
	slices.Sort(away)
	for _, file := range slices.Backward(away) {
		if err := u.on.Restore(string(file), host.Node{Absent: true}, nil, ""); err != nil {
			return err
		}
	}
	if err := u.removeDirs(e.Dirs); err != nil {
		return err
	}
	if len(refused) > 0 {
		return fmt.Errorf("%s: %s", changedSince, strings.Join(refused, ", "))
	}
	return nil
}

func (u *undoing) link(file string, want state) error {
	if want.Mode.IsRegular() { // an empty file, which masks a unit
		return u.on.Replace(file, nil, rule.Attr{Mode: want.Mode, UID: want.UID, GID: want.GID})
	}
	return u.on.Restore(file, want.node(), nil, "")
}

func (u *undoing) unit(ctx context.Context, e entry) error {
	running := u.on.Running()
	if running == nil {
		return nil // as after a reboot, which the files decide
	}
	unit, err := running.Unit(ctx, string(e.Path))
	if err != nil {
		return err
	}
	was := e.Was == "active" || e.Was == "activating" || e.Was == "reloading"
	is := unit.Active == "active" || unit.Active == "activating" || unit.Active == "reloading"
	switch {
	case was && !is:
		return u.on.ChangeUnit(ctx, string(e.Path), rule.StartUnit)
	case !was && is:
		return u.on.ChangeUnit(ctx, string(e.Path), rule.StopUnit)
	}
	return nil
}

func (u *undoing) sysctl(e entry) error {
	running := u.on.Running()
	if running == nil {
		return nil
	}
	now, err := running.Sysctl(string(e.Path))
	if err != nil {
		return err
	}
	switch {
	case sameValue(now, e.Was):
		return nil
	case !u.force && !sameValue(now, e.Now):
		return host.ErrChanged
	}
	return u.on.SetSysctl(string(e.Path), e.Was)
}

// sameValue compares values as the kernel does, which has its own blanks.
func sameValue(a, b string) bool { return slices.Equal(strings.Fields(a), strings.Fields(b)) }

func (u *undoing) module(ctx context.Context, e entry) error {
	running := u.on.Running()
	if running == nil {
		return nil
	}
	loaded, err := running.Modules()
	if err != nil || slices.Contains(loaded, strings.ReplaceAll(string(e.Path), "-", "_")) {
		return err
	}
	return u.on.LoadModule(ctx, string(e.Path))
}

func (u *undoing) mount(e entry) error {
	running := u.on.Running()
	if running == nil || len(e.Back) == 0 {
		return nil
	}
	now, found, err := mountOptions(running, string(e.Path))
	if err != nil {
		return err
	}
	if !found {
		return host.ErrChanged
	}
	var back []string
	for i, o := range e.Names {
		if slices.Contains(now, o) {
			back = append(back, e.Back[i])
		}
	}
	if len(back) == 0 {
		return nil
	}
	return u.on.Remount(string(e.Path), back)
}

// removeTemps removes files that were being written when a run, or an undo, was killed.
func (u *undoing) removeTemps() error {
	var dirs []string
	for _, e := range u.run.entries {
		if e.Op == opFile {
			dirs = append(dirs, path.Dir(string(e.Path)))
		}
		if e.Op == opUnits {
			dir, now, err := unitLinks(u.on)
			if err != nil {
				return err
			}
			dirs = append(dirs, dir)
			for _, p := range now {
				if p.State.Mode.IsDir() {
					dirs = append(dirs, string(p.Path))
				}
			}
		}
	}
	slices.Sort(dirs)
	for _, dir := range slices.Compact(dirs) {
		if err := u.on.RemoveTemps(dir); err != nil && !errors.Is(err, host.ErrChanged) {
			return err
		}
	}
	return nil
}
