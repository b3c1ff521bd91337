package rpm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
)

// database reads tables of an SQLite file: just enough for rpm's, and never anything but reading. The
// format is that of "Database File Format" on sqlite.org.
type database struct {
	file   io.ReaderAt
	pages  uint32 // that the file has
	size   int    // of a page, in bytes
	usable int
	wal    map[uint32][]byte // pages that are newer in the write-ahead log
}

// Bounds on what a damaged or hostile file can ask for.
const (
	maxDepth   = 20       // of a tree
	maxPayload = 64 << 20 // of a row, in bytes
)

var errCorrupt = errors.New("the SQLite file is damaged")

func openDatabase(file io.ReaderAt, length int64, log []byte) (*database, error) {
	head := make([]byte, 100)
	if _, err := file.ReadAt(head, 0); err != nil {
		return nil, fmt.Errorf("not an SQLite file: %w", err)
	}
	if !bytes.HasPrefix(head, []byte("SQLite format 3\x00")) {
		return nil, errors.New("not an SQLite file")
	}
	db := &database{file: file, size: int(binary.BigEndian.Uint16(head[16:]))}
	if db.size == 1 {
		db.size = 65536
	}
	if db.size < 512 || db.size&(db.size-1) != 0 {
		return nil, errCorrupt
	}
	db.usable = db.size - int(head[20])
	if db.usable < 480 {
		return nil, errCorrupt
	}
	if encoding := binary.BigEndian.Uint32(head[56:]); encoding > 1 {
		return nil, errors.New("the SQLite file is not in UTF-8")
	}
	db.pages = uint32(min(length/int64(db.size), 1<<31))
	db.wal = readLog(log, db.size)
	return db, nil
}

// page gives the content of a page, counted from 1.
func (db *database) page(n uint32) ([]byte, error) {
	if p := db.wal[n]; p != nil {
		return p, nil
	}
	if n == 0 || n > db.pages {
		return nil, errCorrupt
	}
	p := make([]byte, db.size)
	if _, err := db.file.ReadAt(p, int64(n-1)*int64(db.size)); err != nil {
		return nil, fmt.Errorf("cannot read page %d: %w", n, err)
	}
	return p, nil
}

// row is one row of a table. Values are int64, []byte (text and blobs) or nil.
type row struct {
	id     int64
	values []any
}

// table finds the first page of a table by its name; 0 says that there is none.
func (db *database) table(name string) (uint32, error) {
	for r, err := range db.rows(1) {
		if err != nil {
			return 0, err
		}
		if len(r.values) < 4 || string(text(r.values[0])) != "table" || string(text(r.values[1])) != name {
			continue
		}
		first, ok := r.values[3].(int64)
		if !ok || first < 1 || first > 1<<31 {
			return 0, errCorrupt
		}
		return uint32(first), nil
	}
	return 0, nil
}

func text(v any) []byte {
	b, _ := v.([]byte)
	return b
}

// rows goes through a table in the order of row ids.
func (db *database) rows(first uint32) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		left := db.budget()
		db.walk(first, 0, &left, yield)
	}
}

// budget is how many pages may be visited: a page is in one place of one tree.
func (db *database) budget() int { return int(db.pages) + len(db.wal) }

// walk visits a page and those below it; false says that the caller has had enough.
func (db *database) walk(n uint32, depth int, left *int, yield func(row, error) bool) bool {
	fail := func(err error) bool { yield(row{}, err); return false }
	b, err := db.btree(n)
	switch {
	case err != nil:
		return fail(err)
	case depth > maxDepth || *left <= 0:
		return fail(errCorrupt)
	}
	*left--
	for i := range b.cells {
		cell, err := b.cell(i)
		if err != nil {
			return fail(err)
		}
		if b.leaf {
			r, err := db.leafRow(cell, left)
			if err != nil {
				return fail(err)
			}
			if !yield(r, nil) {
				return false
			}
			continue
		}
		if len(cell) < 4 {
			return fail(errCorrupt)
		}
		if !db.walk(binary.BigEndian.Uint32(cell), depth+1, left, yield) {
			return false
		}
	}
	return b.leaf || db.walk(b.last, depth+1, left, yield)
}

// find gives the row of an id.
func (db *database) find(first uint32, id int64) (row, bool, error) {
	n := first
	for range maxDepth {
		b, err := db.btree(n)
		if err != nil {
			return row{}, false, err
		}
		next := b.last
		for i := range b.cells {
			cell, err := b.cell(i)
			if err != nil {
				return row{}, false, err
			}
			if b.leaf {
				_, rest, ok := varint(cell)
				at, _, ok2 := varint(rest)
				if !ok || !ok2 {
					return row{}, false, errCorrupt
				}
				if int64(at) == id {
					left := db.budget()
					r, err := db.leafRow(cell, &left)
					return r, err == nil, err
				}
				continue
			}
			if len(cell) < 5 {
				return row{}, false, errCorrupt
			}
			key, _, ok := varint(cell[4:])
			if !ok {
				return row{}, false, errCorrupt
			}
			if id <= int64(key) {
				next = binary.BigEndian.Uint32(cell)
				break
			}
		}
		if b.leaf {
			return row{}, false, nil
		}
		n = next
	}
	return row{}, false, errCorrupt
}

// btree is one page of a table's tree.
type btree struct {
	page  []byte
	at    int // where the cell pointers start
	cells int
	leaf  bool
	last  uint32 // the right-most child of an inner page
}

func (db *database) btree(n uint32) (btree, error) {
	page, err := db.page(n)
	if err != nil {
		return btree{}, err
	}
	page = page[:db.usable]
	head := 0
	if n == 1 {
		head = 100
	}
	b := btree{page: page, cells: int(binary.BigEndian.Uint16(page[head+3:]))}
	switch page[head] {
	case 13:
		b.leaf, b.at = true, head+8
	case 5:
		b.last, b.at = binary.BigEndian.Uint32(page[head+8:]), head+12
	default:
		return btree{}, errCorrupt
	}
	if b.at+2*b.cells > len(page) {
		return btree{}, errCorrupt
	}
	return b, nil
}

func (b btree) cell(i int) ([]byte, error) {
	start := int(binary.BigEndian.Uint16(b.page[b.at+2*i:]))
	if start < b.at || start >= len(b.page) {
		return nil, errCorrupt
	}
	return b.page[start:], nil
}

// leafRow reads the row of a leaf's cell, from its overflow pages too.
func (db *database) leafRow(cell []byte, left *int) (row, error) {
	size, rest, ok := varint(cell)
	id, rest, ok2 := varint(rest)
	if !ok || !ok2 || size > maxPayload {
		return row{}, errCorrupt
	}
	payload, err := db.payload(int(size), rest, left)
	if err != nil {
		return row{}, err
	}
	values, err := record(payload)
	return row{id: int64(id), values: values}, err
}

func (db *database) payload(size int, local []byte, left *int) ([]byte, error) {
	most := db.usable - 35
	if size <= most {
		if size > len(local) {
			return nil, errCorrupt
		}
		return local[:size], nil
	}
	least := (db.usable-12)*32/255 - 23
	here := least + (size-least)%(db.usable-4)
	if here > most {
		here = least
	}
	if here+4 > len(local) || int64(size) > int64(db.size)*(int64(db.pages)+int64(len(db.wal))) {
		return nil, errCorrupt
	}
	out := append(make([]byte, 0, size), local[:here]...)
	for next := binary.BigEndian.Uint32(local[here:]); len(out) < size; *left-- {
		if *left <= 0 {
			return nil, errCorrupt
		}
		page, err := db.page(next)
		if err != nil {
			return nil, err
		}
		next = binary.BigEndian.Uint32(page)
		out = append(out, page[4:4+min(db.usable-4, size-len(out))]...)
	}
	return out, nil
}

// record takes a row's columns apart.
func record(b []byte) ([]any, error) {
	head, types, ok := varint(b)
	if !ok || head > uint64(len(b)) || int(head) < len(b)-len(types) {
		return nil, errCorrupt
	}
	types, body := b[len(b)-len(types):head], b[head:]
	var values []any
	for len(types) > 0 {
		var kind uint64
		if kind, types, ok = varint(types); !ok {
			return nil, errCorrupt
		}
		size, known := columnSize(kind)
		if !known || size > uint64(len(body)) {
			return nil, errCorrupt
		}
		values = append(values, column(kind, body[:size]))
		body = body[size:]
	}
	return values, nil
}

func columnSize(kind uint64) (size uint64, known bool) {
	switch {
	case kind >= 12:
		return (kind - 12) / 2, true
	case kind == 10, kind == 11:
		return 0, false
	}
	return [...]uint64{0, 1, 2, 3, 4, 6, 8, 8, 0, 0}[kind], true
}

func column(kind uint64, b []byte) any {
	switch {
	case kind >= 12:
		return b
	case kind == 0, kind == 7:
		return nil
	case kind >= 8:
		return int64(kind - 8)
	}
	n := int64(int8(b[0]))
	for _, c := range b[1:] {
		n = n<<8 | int64(c)
	}
	return n
}

// varint reads SQLite's integer of variable length: seven bits a byte, eight in the ninth.
func varint(b []byte) (n uint64, rest []byte, ok bool) {
	for i := range min(len(b), 9) {
		if i == 8 {
			return n<<8 | uint64(b[i]), b[9:], true
		}
		n = n<<7 | uint64(b[i]&0x7f)
		if b[i] < 0x80 {
			return n, b[i+1:], true
		}
	}
	return 0, nil, false
}
