// Package accounts reads the files that say who has an account: passwd, shadow, group and gshadow, as
// the C library reads them when somebody logs in, and says where the programs that change accounts
// would stumble. It has no opinions and changes nothing.
//
// Nothing that this package prints holds a password or its hash: they have the type Secret, which
// shows nothing of itself, and a Problem names lines without quoting them.
package accounts

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// The files, as absolute paths on the target.
const (
	PasswdFile  = "/etc/passwd"
	ShadowFile  = "/etc/shadow"
	GroupFile   = "/etc/group"
	GShadowFile = "/etc/gshadow"
)

// The colon-separated fields that are changed, counted from 1.
const (
	PasswordField = 2 // of passwd, shadow, group and gshadow
	UserGIDField  = 4 // of passwd
	ShellField    = 7 // of passwd
	MembersField  = 4 // of group and gshadow
	MinField      = 4 // of shadow
	MaxField      = 5
	WarnField     = 6
	InactiveField = 7
)

// Line is where an entry stands.
type Line struct {
	Number int // 1-based
	raw    string
}

// Raw is the line as it stands. It may hold a hash: for edits, never for people.
func (l Line) Raw() string { return l.raw }

// Format keeps the line out of whatever prints an entry.
func (l Line) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "line %d", l.Number) }

// User is an entry of passwd.
type User struct {
	Line     Line
	Name     string
	Password Secret // "x" where the shadow file holds it
	UID, GID uint32
	Gecos    string
	Home     string
	Shell    string // empty means /bin/sh
	Legacy   bool   // a "+" or "-" entry, which only nss_compat heeds
}

// Shadow is an entry of the shadow file. Days are counted from 1970-01-01, and -1 is a field without
// a value.
type Shadow struct {
	Line       Line
	Name       string
	Password   Secret
	LastChange int
	Min, Max   int
	Warn       int
	Inactive   int
	Expire     int
	Whole      bool // has the nine fields that the programs that change accounts want
	Legacy     bool
}

// Group is an entry of group.
type Group struct {
	Line     Line
	Name     string
	Password Secret
	GID      uint32
	Members  []string
	Whole    bool // has its four fields
	Legacy   bool
}

// GShadow is an entry of gshadow.
type GShadow struct {
	Line     Line
	Name     string
	Password Secret
	Admins   []string
	Members  []string
	Whole    bool
	Legacy   bool
}

// Problem is a line that one of the programs takes for no entry.
type Problem struct {
	Path   string
	Line   int
	Reason string
	// Ignored is true where the C library passes the line over too, so that it makes no account.
	Ignored bool
}

func (p Problem) String() string { return fmt.Sprintf("%s:%d: %s", p.Path, p.Line, p.Reason) }

// Database is the four files, each in its own order.
type Database struct {
	Users    []User
	Shadows  []Shadow
	Groups   []Group
	GShadows []GShadow
	// HasShadow and HasGShadow say that the file is there.
	HasShadow, HasGShadow bool
	Problems              []Problem
}

// Read reads the four files. Without passwd or group nothing can be said, which is an error; a file
// that is not UTF-8 is read byte by byte like any other.
func Read(files host.Files) (Database, error) {
	return host.Once(files, readKey{}, func() (Database, error) { return read(files) })
}

type readKey struct{}

func read(files host.Files) (Database, error) {
	var db Database
	passwd, _, err := load(files, PasswdFile)
	if err != nil {
		return db, err
	}
	group, _, err := load(files, GroupFile)
	if err != nil {
		return db, err
	}
	shadow, hasShadow, err := load(files, ShadowFile)
	if err != nil {
		return db, err
	}
	gshadow, hasGShadow, err := load(files, GShadowFile)
	if err != nil {
		return db, err
	}
	db.HasShadow, db.HasGShadow = hasShadow, hasGShadow
	var problems []Problem
	db.Users, problems = ParsePasswd(passwd)
	db.Problems = append(db.Problems, problems...)
	db.Shadows, problems = ParseShadow(shadow)
	db.Problems = append(db.Problems, problems...)
	db.Groups, problems = ParseGroup(group)
	db.Problems = append(db.Problems, problems...)
	db.GShadows, problems = ParseGShadow(gshadow)
	db.Problems = append(db.Problems, problems...)
	return db, nil
}

func load(files host.Files, path string) (content []byte, exists bool, err error) {
	content, err = files.ReadFile(path)
	switch {
	case err == nil:
		return content, true, nil
	case errors.Is(err, fs.ErrNotExist) && (path == ShadowFile || path == GShadowFile):
		return nil, false, nil
	}
	return nil, false, fmt.Errorf("cannot read the accounts: %w", err)
}

// Shadow gives the entry that counts for a name: the first one.
func (db Database) Shadow(name string) (Shadow, bool) {
	for _, s := range db.Shadows {
		if s.Name == name && !s.Legacy {
			return s, true
		}
	}
	return Shadow{}, false
}

// User gives the entry that counts for a name: the first one.
func (db Database) User(name string) (User, bool) {
	for _, u := range db.Users {
		if u.Name == name && !u.Legacy {
			return u, true
		}
	}
	return User{}, false
}

// Password is what a login as the user is compared with. Where passwd says "x" and the shadow file
// has no entry there is none, and no password fits.
func (db Database) Password(u User) (s Secret, found bool) {
	if !u.Password.Shadowed() {
		return u.Password, true
	}
	entry, ok := db.Shadow(u.Name)
	return entry.Password, ok
}

// WholeLine reports whether the line has the seven fields of an account, so that each can be set.
func (u User) WholeLine() bool { return strings.Count(u.Line.raw, ":") == 6 }
