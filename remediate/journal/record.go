package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// format is the version of the log.
const format = 1

// record is one line of the log; one field is set.
type record struct {
	Header *header `json:"header,omitempty"`
	Entry  *entry  `json:"entry,omitempty"`
	Done   *done   `json:"done,omitempty"`
}

// header starts a log.
type header struct {
	Format  int       `json:"format"`
	Started time.Time `json:"started"`
	Tool    string    `json:"tool,omitempty"`
	Profile string    `json:"profile,omitempty"`
	Made    []text    `json:"made,omitempty"` // directories above the journal that did not exist
}

// op is the kind of a change.
type op string

const (
	opFile     op = "file"     // a file or link is put in place, or removed
	opAttr     op = "attr"     // owner and mode
	opUnits    op = "units"    // links of units
	opUnit     op = "unit"     // a unit is started or stopped
	opSysctl   op = "sysctl"   // a running value
	opModule   op = "module"   // is unloaded
	opMount    op = "mount"    // options in force
	opPackages op = "packages" // installed or removed
)

// entry is what stood where a change is about to be made.
type entry struct {
	N    int  `json:"n"`
	Op   op   `json:"op"`
	Path text `json:"path,omitempty"` // or the name of what is not a path

	Before *state `json:"before,omitempty"`
	After  *state `json:"after,omitempty"` // as it will be
	Dirs   []text `json:"dirs,omitempty"`  // that will be made, from the top down

	Links []place `json:"links,omitempty"` // units: everything there that is not a unit's own file

	Was   string   `json:"was,omitempty"`   // what runs, before
	Now   string   `json:"now,omitempty"`   // what will run
	Names []string `json:"names,omitempty"` // packages, or mount options that will be set
	Back  []string `json:"back,omitempty"`  // mount options that take them back
}

// done says that the change of entry N was made.
type done struct {
	N     int     `json:"n"`
	After []place `json:"after,omitempty"` // units: what differs from before
}

// place is a state with its path.
type place struct {
	Path  text  `json:"path"`
	State state `json:"state"`
}

// state is a host.Node as the log has it, with the digest of a file's content.
type state struct {
	Absent  bool        `json:"absent,omitempty"`
	Mode    fs.FileMode `json:"mode,omitempty"`
	UID     int         `json:"uid,omitempty"`
	GID     int         `json:"gid,omitempty"`
	Size    int64       `json:"size,omitempty"`
	ModTime int64       `json:"mtime,omitempty"` // nanoseconds since 1970
	Target  text        `json:"target,omitempty"`
	Xattrs  []xattr     `json:"xattrs,omitempty"`
	Inode   uint64      `json:"inode,omitempty"`
	Links   uint64      `json:"links,omitempty"`
	SHA256  string      `json:"sha256,omitempty"`
}

type xattr struct {
	Name  text   `json:"name"`
	Value []byte `json:"value"`
}

func stateOf(n host.Node) state {
	s := state{
		Absent: n.Absent, Mode: n.Mode, UID: n.UID, GID: n.GID, Size: n.Size,
		Target: text(n.Target), Inode: n.Inode, Links: n.Links,
	}
	if !n.Absent {
		s.ModTime = n.ModTime.UnixNano()
	}
	for _, x := range n.Xattrs {
		s.Xattrs = append(s.Xattrs, xattr{text(x.Name), x.Value})
	}
	return s
}

func (s state) node() host.Node {
	n := host.Node{
		Absent: s.Absent, Mode: s.Mode, UID: s.UID, GID: s.GID, Size: s.Size,
		ModTime: time.Unix(0, s.ModTime), Target: string(s.Target), Inode: s.Inode, Links: s.Links,
	}
	for _, x := range s.Xattrs {
		n.Xattrs = append(n.Xattrs, host.Xattr{Name: string(x.Name), Value: x.Value})
	}
	return n
}

// text is bytes that need not be UTF-8, such as a path. JSON alone would change them.
type text string

// MarshalText escapes as Go does.
func (t text) MarshalText() ([]byte, error) {
	quoted := strconv.QuoteToASCII(string(t))
	return []byte(quoted[1 : len(quoted)-1]), nil
}

// UnmarshalText is the way back.
func (t *text) UnmarshalText(b []byte) error {
	s, err := strconv.Unquote(`"` + string(b) + `"`)
	*t = text(s)
	return err
}

// chain makes and checks the lines of a log. Each one's checksum covers those before it.
type chain struct{ sum string }

const sumLength = 32 // hexadecimal digits

func (c *chain) next(data []byte) string {
	h := sha256.New()
	h.Write([]byte(c.sum))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))[:sumLength]
}

func (c *chain) line(r record) ([]byte, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	c.sum = c.next(data)
	return fmt.Appendf(nil, "%s %s\n", c.sum, data), nil
}

// errDamaged says that a log was changed after it was written.
var errDamaged = errors.New("the journal is damaged")

// readLog reads a log. Its last line may be torn, since a run can end while it is written: the change that
// it was to announce was not made.
func readLog(data []byte) ([]record, error) {
	var c chain
	var records []record
	for number := 1; len(data) > 0; number++ {
		line, rest, whole := bytes.Cut(data, []byte("\n"))
		sum, content, _ := bytes.Cut(line, []byte(" "))
		next := c.next(content)
		if !whole || string(sum) != next {
			if len(rest) == 0 {
				break
			}
			return nil, fmt.Errorf("%w: line %d does not have its checksum", errDamaged, number)
		}
		var r record
		if err := json.Unmarshal(content, &r); err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", errDamaged, number, err)
		}
		if (number == 1) != (r.Header != nil) {
			return nil, fmt.Errorf("%w: line %d is not what belongs there", errDamaged, number)
		}
		c.sum = next
		records = append(records, r)
		data = rest
	}
	if len(records) > 0 && records[0].Header.Format != format {
		return nil, fmt.Errorf("the journal has format %d, and this version knows %d", records[0].Header.Format, format)
	}
	return records, nil
}
