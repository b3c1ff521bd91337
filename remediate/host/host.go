// Package host is what a machine is to the rest of the project: files, a running state where there
// is one, and the few ways to change them. A check gets a Reader, which has no method that writes;
// only the engine's apply gets a Writer.
//
// Every path is absolute on the target and resolved inside its root; see package root.
package host

import (
	"context"
	"errors"
	"io/fs"

	"github.com/nodeimage/packer-plugin-harden/remediate/root"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
	"github.com/nodeimage/packer-plugin-harden/remediate/walk"
)

// ErrNotRegular is returned by ReadFile for directories, FIFOs, devices and sockets, and
// ErrTooLarge for files above MaxFileSize.
var (
	ErrNotRegular = root.ErrNotRegular
	ErrTooLarge   = root.ErrTooLarge
	// ErrChanged is returned by SetAttrOf.
	ErrChanged = root.ErrChanged
)

// ErrNotRunning is returned where a change is about running state and nothing runs.
var ErrNotRunning = errors.New("nothing runs in an offline root")

// MaxFileSize bounds what ReadFile takes into memory, in bytes.
const MaxFileSize = root.MaxFileSize

// Mode says how a machine is looked at.
type Mode string

const (
	ModeLive Mode = "live" // a booted system, or the root of the process without a running init
	ModeRoot Mode = "root" // an offline root directory
)

// Info identifies the machine, from its os-release.
type Info struct {
	OS      string `json:"os"`      // ID, for instance "ubuntu", "azurelinux"
	Version string `json:"version"` // VERSION_ID, for instance "24.04"
	Name    string `json:"name,omitempty"`
	Arch    string `json:"arch"` // as GOARCH has it
	Mode    Mode   `json:"mode"`
}

// FileInfo is what stat says. Mode is fs.FileMode with type bits.
type FileInfo struct {
	Mode     fs.FileMode
	UID, GID int
	Size     int64
}

// Files is a read-only view of a root file system. Errors satisfy errors.Is(err, fs.ErrNotExist)
// where something is absent.
type Files interface {
	// ReadFile follows symbolic links inside the root.
	ReadFile(path string) ([]byte, error)
	// ReadDir lists the names in a directory, sorted bytewise.
	ReadDir(path string) ([]fs.DirEntry, error)
	// Stat follows symbolic links inside the root, Lstat does not follow the last one.
	Stat(path string) (FileInfo, error)
	Lstat(path string) (FileInfo, error)
	Readlink(path string) (string, error)
	// Resolve gives the path with every symbolic link followed, as seen inside the root. Absent
	// components keep their names, so a dangling link resolves to where it leads.
	Resolve(path string) (string, error)
}

// Reader is a machine that is looked at.
type Reader interface {
	Files
	Info() Info
	// Running is the state in force now, or nil where nothing runs (an offline root, a chroot).
	Running() Running
	// Walk visits every file of the machine once, in no order, but for what package walk leaves out.
	Walk(ctx context.Context, visit func(*walk.Entry) error) (walk.Summary, error)
}

// Mount is one mounted file system.
type Mount struct {
	Path    string
	Source  string
	Type    string
	Options []string // per-mount and super-block options, as mountinfo has them
}

// UnitState is what systemd says of a unit; the words are systemd's own.
type UnitState struct {
	Load     string // loaded, not-found, masked, ...
	Active   string // active, inactive, failed, ...
	Sub      string
	File     string // UnitFileState: enabled, disabled, masked, static, ...
	Fragment string // path of the unit file
}

// Running is the state in force now.
type Running interface {
	// Kernel is the running kernel's release, as uname -r.
	Kernel() string
	// Sysctl reads a kernel parameter, key with slashes as below /proc/sys, value trimmed.
	Sysctl(key string) (string, error)
	// SysctlGlob lists the keys below /proc/sys that match a pattern with slashes, sorted.
	SysctlGlob(pattern string) ([]string, error)
	// Modules lists loaded modules, with underscores, sorted.
	Modules() ([]string, error)
	// Links lists the names of network interfaces, sorted.
	Links() ([]string, error)
	// Mounts lists mounted file systems in mount order.
	Mounts() ([]Mount, error)
	// Unit asks systemd for a unit; an unknown one has Load "not-found".
	Unit(ctx context.Context, name string) (UnitState, error)
}

// Changer is every way in which a machine is changed. Package journal has all of them, so that what
// stood there before is known.
type Changer interface {
	// Replace puts content in place atomically and durably. An existing file keeps its owner, mode
	// and extended attributes, and is replaced where its symbolic links lead; a new one gets create.
	Replace(path string, content []byte, create rule.Attr) error
	// ReplaceLink puts a new regular file in the place of a symbolic link, and leaves alone what the
	// link leads to.
	ReplaceLink(path string, content []byte, create rule.Attr) error
	// SetAttr changes mode or owner of what path leads to; nil leaves a field as it is.
	SetAttr(path string, mode *fs.FileMode, uid, gid *int) error
	// SetAttrOf is SetAttr for a path that its user could exchange for another file or a link: no link
	// is followed, and ErrChanged is returned unless mode and owner are those that were seen.
	SetAttrOf(path string, seen rule.Attr, mode *fs.FileMode, uid, gid *int) error
	// Remove unlinks a file or a symbolic link itself.
	Remove(path string) error
	// ChangeUnit does what systemctl does for the action; offline it makes the links.
	ChangeUnit(ctx context.Context, name string, action rule.UnitAction) error
	// InstallPackages and RemovePackages ask the package manager, without questions. A removal that
	// would take along anything but the packages of along is refused.
	InstallPackages(ctx context.Context, names []string) error
	RemovePackages(ctx context.Context, names, along []string) error
	SetSysctl(key, value string) error
	UnloadModule(name string) error
	Remount(path string, options []string) error
}

// Restorer is what bringing a machine back to an earlier state needs. Paths are as Resolve gives them:
// one with a link on the way is ErrChanged.
type Restorer interface {
	// Node describes what stands at path itself.
	Node(path string) (Node, error)
	// Vault opens the directory name of this project's own state below StateDir, which only root can
	// look into, and makes it with create. Absent, it is fs.ErrNotExist.
	Vault(name string, create bool) (Vault, error)
	// Restore makes path what want says. The content of a file comes from the vault, where it is kept
	// as name; a nil vault stands for the content that is there.
	Restore(path string, want Node, from Vault, name string) error
	// RemoveTemps removes what killed runs have left in a directory: files without their name yet.
	RemoveTemps(dir string) error
	// ReloadUnits has systemd read its unit files again, where it runs.
	ReloadUnits(ctx context.Context) error
	// LoadModule puts a module back into the kernel.
	LoadModule(ctx context.Context, name string) error
	// Lock keeps everybody else from changing the machine until it is released; *ErrInUse says that
	// somebody else has it.
	Lock() (release func() error, err error)
}

// Vault is an open directory that only root can look into.
type Vault interface {
	// Keep keeps the file or link at path under a name, and as one of its other names where it can. Sync
	// makes that durable.
	Keep(path, name string) error
	Sync() error
	// Append adds to a file, which is made when absent, and makes it durable when sync says so.
	Append(name string, data []byte, sync bool) error
	// Read reads a file, of which more than max bytes are ErrTooLarge.
	Read(name string, max int64) ([]byte, error)
	// Names lists what is in it, sorted bytewise.
	Names() ([]string, error)
	// Has reports whether something is kept under a name.
	Has(name string) (bool, error)
	// Remove removes files. Absent ones are no error.
	Remove(names ...string) error
	Close() error
}

// StateDir is this project's own directory on a machine: journals of what was changed.
const StateDir = stateParent + "/" + stateName

const (
	stateParent = "/var/lib"
	stateName   = "harden"
)

// Node is what stands at a path itself.
type Node = root.Node

// Xattr is an extended attribute of a Node.
type Xattr = root.Xattr

// ErrInUse is returned by Lock.
type ErrInUse = root.ErrInUse

// Writer is a machine that is changed.
type Writer interface {
	Reader
	Changer
	Restorer
	// Programs runs the target's own programs, or is nil for an offline root.
	Programs() Programs
}

// Programs runs the target's own judges (sshd -t) on candidates that are not in place yet.
type Programs interface {
	// Stage writes files into a new private directory outside the image's configuration. files gets
	// the directory and returns content by name, a slash-separated path below it.
	Stage(files func(dir string) map[string][]byte) (dir string, remove func(), err error)
	// Run executes a program without a shell and returns what it printed (standard output and error
	// together) and its exit status.
	Run(ctx context.Context, argv ...string) (output []byte, status int, err error)
}
