package rule

import "io/fs"

// Scope says which state a change is about: what the next boot sees, or what is in force now.
type Scope string

const (
	Persisted Scope = "persisted"
	Running   Scope = "running"
)

// Change is one small edit, as plain data. The set is closed: printing, planning and applying know
// every member.
type Change interface {
	// Target is the path, key, module or unit that the change is about.
	Target() string
	Scope() Scope
	isChange()
}

// Attr is the owner and mode of a file that a change creates. Mode holds permission bits and
// setuid, setgid, sticky as fs.FileMode has them.
type Attr struct {
	Mode     fs.FileMode
	UID, GID int
}

// EditOp is what an Edit does to its line.
type EditOp string

const (
	ReplaceLine  EditOp = "replace"       // Line becomes New (one or more lines)
	DeleteLine   EditOp = "delete"        // Line goes
	InsertBefore EditOp = "insert_before" // New goes before Line; Line 1 of an empty or new file is allowed
	InsertAfter  EditOp = "insert_after"  // New goes after Line
	ExtendLine   EditOp = "extend"        // New[0] is added to the end of Line; texts of several rules follow each other, each once
	Append       EditOp = "append"        // New goes to the end, below the header Section when one is named
	SetField     EditOp = "set_field"     // Field of Line, between colons, becomes New
)

// Edit changes lines of a file. Line numbers and Old are those of the file as it was observed, so
// edits of several rules combine without knowing of each other; a file that has changed since is an
// error, not a guess.
type Edit struct {
	Op      EditOp
	Line    int    // 1-based; unused by Append
	Old     string // the observed text of Line, without its line feed; unused by Append and inserts
	Field   int    // SetField only: counted from 1; edits of other fields of the line combine with it
	Section string // Append only: an INI header such as "[Journal]", added once when absent
	New     []string
}

// EditFile edits the lines of one file. When the file does not exist it is created with Create and
// starts with Header; its directory is created 0755 root:root when absent.
type EditFile struct {
	Path   string
	Create Attr
	Header []string
	Edits  []Edit
	// Secret says that the file holds secrets (/etc/shadow): its lines, changed or not, are never shown.
	Secret bool
}

// WriteFile makes a file hold exactly Content. Attr applies when the file is created; an existing
// file keeps its owner and mode (SetAttr changes those).
type WriteFile struct {
	Path    string
	Content []byte
	Create  Attr
	// NoFollow puts a regular file with Create's owner and mode in the place of a symbolic link at
	// Path, instead of writing where the link leads: that file belongs to a package.
	NoFollow bool
}

// SetAttr sets the mode or owner of an existing path; a nil field stays as it is.
type SetAttr struct {
	Path     string
	Mode     *fs.FileMode
	UID, GID *int
	// Seen, when not nil, is what was observed at a path that its user could exchange for another
	// file or a link: then no link is followed, and what is not as seen stays alone.
	Seen *Attr
}

// RemoveFile removes a file or a link (never a directory).
type RemoveFile struct{ Path string }

// PAMProfile installs and enables a profile of pam-auth-update (Debian and Ubuntu).
type PAMProfile struct {
	Name    string // file name below /usr/share/pam-configs
	Content []byte
}

// UnitAction is what happens to a systemd unit.
type UnitAction string

const (
	EnableUnit  UnitAction = "enable"
	DisableUnit UnitAction = "disable"
	MaskUnit    UnitAction = "mask"
	UnmaskUnit  UnitAction = "unmask"
	StartUnit   UnitAction = "start"
	StopUnit    UnitAction = "stop"
	ReloadUnit  UnitAction = "reload" // of what runs; no rule asks for it
)

// ChangeUnit enables, disables, masks or unmasks a unit (persisted), or starts or stops it (running).
type ChangeUnit struct {
	Name   string
	Action UnitAction
}

// SetSysctl sets a running kernel parameter. Key uses the /proc/sys form with slashes.
type SetSysctl struct{ Key, Value string }

// UnloadModule removes a module from the running kernel.
type UnloadModule struct{ Name string }

// MountOptions adds options to those with which the next boot mounts a path. The plan puts those of
// several rules together, since they all stand in one line of a file.
type MountOptions struct {
	Path    string
	Options []string
	Header  []string // of a file that has to be made
}

// Remount changes the options of a mounted file system.
type Remount struct {
	Path    string
	Options []string
}

// Unfixable says that the deviation is real but cannot be changed in place, and why. It keeps the
// rule from passing and plans nothing.
type Unfixable struct {
	Subject string
	Reason  string
	Of      Scope
}

func (c EditFile) Target() string     { return c.Path }
func (c WriteFile) Target() string    { return c.Path }
func (c SetAttr) Target() string      { return c.Path }
func (c RemoveFile) Target() string   { return c.Path }
func (c PAMProfile) Target() string   { return "/usr/share/pam-configs/" + c.Name }
func (c ChangeUnit) Target() string   { return c.Name }
func (c SetSysctl) Target() string    { return c.Key }
func (c UnloadModule) Target() string { return c.Name }
func (c Remount) Target() string      { return c.Path }
func (c MountOptions) Target() string { return c.Path }
func (c Unfixable) Target() string    { return c.Subject }

func (EditFile) Scope() Scope     { return Persisted }
func (WriteFile) Scope() Scope    { return Persisted }
func (SetAttr) Scope() Scope      { return Persisted }
func (RemoveFile) Scope() Scope   { return Persisted }
func (PAMProfile) Scope() Scope   { return Persisted }
func (SetSysctl) Scope() Scope    { return Running }
func (MountOptions) Scope() Scope { return Persisted }
func (UnloadModule) Scope() Scope { return Running }
func (Remount) Scope() Scope      { return Running }
func (c Unfixable) Scope() Scope  { return c.Of }

func (c ChangeUnit) Scope() Scope {
	if c.Action == StartUnit || c.Action == StopUnit || c.Action == ReloadUnit {
		return Running
	}
	return Persisted
}

func (EditFile) isChange()     {}
func (WriteFile) isChange()    {}
func (SetAttr) isChange()      {}
func (RemoveFile) isChange()   {}
func (PAMProfile) isChange()   {}
func (ChangeUnit) isChange()   {}
func (SetSysctl) isChange()    {}
func (UnloadModule) isChange() {}
func (Remount) isChange()      {}
func (MountOptions) isChange() {}
func (Unfixable) isChange()    {}

// Octal gives the permission bits of a mode as chmod writes them, setuid, setgid and sticky included.
func Octal(m fs.FileMode) uint32 {
	bits := uint32(m.Perm())
	if m&fs.ModeSetuid != 0 {
		bits |= 0o4000
	}
	if m&fs.ModeSetgid != 0 {
		bits |= 0o2000
	}
	if m&fs.ModeSticky != 0 {
		bits |= 0o1000
	}
	return bits
}
