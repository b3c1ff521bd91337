package dconf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Database is a compiled database: what programs read.
type Database struct {
	// Values are by path, such as /org/gnome/desktop/session/idle-delay, as the text that dconf prints. Types other than
	// booleans, numbers and strings are shown by their type alone.
	Values map[string]string
	// Locks are the keys that users cannot change.
	Locks []string
}

const (
	headerSize = 24
	itemSize   = 24
	// maxItems bounds the work that a hostile file can ask for; a desktop's database has some hundred.
	maxItems = 1 << 16
	maxChain = 64
	none     = 0xffffffff
)

var errTruncated = errors.New("it ends too early")

// ParseDatabase reads the form that "dconf compile" writes (GVDB, little endian): a table of items whose names are
// chained to those of their parents, with a table of its own for locks.
func ParseDatabase(data []byte) (*Database, error) {
	if len(data) < headerSize || !bytes.HasPrefix(data, []byte("GVariant")) {
		return nil, errors.New("it is no compiled database")
	}
	db := &Database{Values: map[string]string{}}
	root, err := readTable(data, 16)
	if err != nil {
		return nil, err
	}
	for i := range root.count {
		it := root.item(i)
		switch it.kind {
		case 'v':
			name, err := root.name(i)
			if err != nil {
				return nil, err
			}
			value, err := pointed(data, it.value)
			if err != nil {
				return nil, fmt.Errorf("the value of %q: %w", name, err)
			}
			db.Values[name] = variant(value)
		case 'H':
			if name, err := root.name(i); err != nil || name != ".locks" {
				continue
			}
			locks, err := tableAt(data, it.value)
			if err != nil {
				return nil, err
			}
			for j := range locks.count {
				name, err := locks.name(j)
				if err != nil {
					return nil, err
				}
				if locks.item(j).kind == 'v' {
					db.Locks = append(db.Locks, name)
				}
			}
		}
	}
	return db, nil
}

type table struct {
	data  []byte
	items []byte
	count int
}

type item struct {
	parent  uint32
	key     []byte
	kind    byte
	value   []byte // a pointer: start and end
	keyGood bool
}

// pointed is the part of the file that a pointer of two numbers names.
func pointed(data, pointer []byte) ([]byte, error) {
	start, end := binary.LittleEndian.Uint32(pointer), binary.LittleEndian.Uint32(pointer[4:])
	if start > end || uint64(end) > uint64(len(data)) {
		return nil, errTruncated
	}
	return data[start:end], nil
}

func readTable(data []byte, at int) (table, error) { return tableAt(data, data[at:at+8]) }

func tableAt(data, pointer []byte) (table, error) {
	t := table{data: data}
	part, err := pointed(data, pointer)
	if err != nil {
		return t, err
	}
	if len(part) < 8 {
		return t, errTruncated
	}
	bloom := uint64(binary.LittleEndian.Uint32(part) & (1<<27 - 1))
	buckets := uint64(binary.LittleEndian.Uint32(part[4:]))
	skip := 8 + 4*(bloom+buckets)
	if skip > uint64(len(part)) {
		return t, errTruncated
	}
	t.items = part[skip:]
	t.count = len(t.items) / itemSize
	if t.count > maxItems {
		return t, fmt.Errorf("it has more than %d entries", maxItems)
	}
	return t, nil
}

func (t table) item(i int) item {
	raw := t.items[i*itemSize:]
	it := item{parent: binary.LittleEndian.Uint32(raw[4:]), kind: raw[14], value: raw[16:24]}
	start, size := uint64(binary.LittleEndian.Uint32(raw[8:])), uint64(binary.LittleEndian.Uint16(raw[12:]))
	if start+size <= uint64(len(t.data)) {
		it.key, it.keyGood = t.data[start:start+size], true
	}
	return it
}

// name puts an item's name behind those of its parents.
func (t table) name(i int) (string, error) {
	var parts []string
	for range maxChain {
		it := t.item(i)
		if !it.keyGood {
			return "", errTruncated
		}
		parts = append(parts, string(it.key))
		if it.parent == none {
			var b strings.Builder
			for j := len(parts) - 1; j >= 0; j-- {
				b.WriteString(parts[j])
			}
			return b.String(), nil
		}
		if it.parent >= uint32(t.count) {
			return "", errors.New("an entry has a parent that is not there")
		}
		i = int(it.parent)
	}
	return "", fmt.Errorf("names nest more than %d deep", maxChain)
}

// variant is the text of a serialised value: its bytes, a zero, and its type.
func variant(data []byte) string {
	i := bytes.LastIndexByte(data, 0)
	if i < 0 {
		return "?"
	}
	value, kind := data[:i], string(data[i+1:])
	switch {
	case kind == "b" && len(value) == 1:
		return strconv.FormatBool(value[0] != 0)
	case kind == "u" && len(value) == 4:
		return fmt.Sprintf("uint32 %d", binary.LittleEndian.Uint32(value))
	case kind == "i" && len(value) == 4:
		return strconv.Itoa(int(int32(binary.LittleEndian.Uint32(value))))
	case kind == "s" && len(value) > 0 && value[len(value)-1] == 0:
		return quoted(string(value[:len(value)-1]))
	}
	return "of type " + kind
}

// quoted writes a string as GVariant prints it.
func quoted(s string) string {
	quote := "'"
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = `"`
	}
	r := strings.NewReplacer(`\`, `\\`, quote, `\`+quote, "\n", `\n`, "\t", `\t`, "\r", `\r`)
	return quote + r.Replace(s) + quote
}
