package hosttest

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

const rpmDatabase = "/var/lib/rpm/rpmdb.sqlite"

// SetRPMs makes the machine one with an rpm database that holds the packages, each of version 1-1, which
// need nothing of each other.
func (f *Fake) SetRPMs(names ...string) {
	f.t.Helper()
	f.must(f.writeRPMs(names))
}

// RPMs lists the packages of the machine's rpm database, sorted, or is nil where SetRPMs made none.
func (f *Fake) RPMs() []string { return f.rpms }

func (f *Fake) writeRPMs(names []string) error {
	f.rpms = append([]string{}, slices.Sorted(slices.Values(names))...)
	var packages, index [][]byte
	for i, name := range f.rpms {
		id := int64(i + 1)
		packages = append(packages, sqliteRow(id, nil, rpmHeader(name)))
		index = append(index, sqliteRow(id, name, id, int64(0)))
	}
	return f.Replace(rpmDatabase, sqliteFile(
		sqliteTable{"Packages", packages}, sqliteTable{"Name", index}, sqliteTable{"Providename", index}, sqliteTable{"Requirename", nil},
	), rule.Attr{Mode: 0o644})
}

// rpmHeader is a package's header with its name, version and release.
func rpmHeader(name string) []byte {
	var index, store bytes.Buffer
	for tag, text := range []string{name, "1", "1"} {
		const stringType, firstTag = 6, 1000
		for _, n := range []int{firstTag + tag, stringType, store.Len(), 1} {
			index.Write(binary.BigEndian.AppendUint32(nil, uint32(n)))
		}
		store.WriteString(text + "\x00")
	}
	head := binary.BigEndian.AppendUint32(nil, 3)
	head = binary.BigEndian.AppendUint32(head, uint32(store.Len()))
	return slices.Concat(head, index.Bytes(), store.Bytes())
}

type sqliteTable struct {
	name string
	rows [][]byte
}

// sqlitePage is one page for each table: room for some hundred packages.
const sqlitePage = 32768

// sqliteFile is a database in SQLite's format, with no table larger than a page.
func sqliteFile(tables ...sqliteTable) []byte {
	head := make([]byte, 100)
	copy(head, "SQLite format 3\x00")
	binary.BigEndian.PutUint16(head[16:], sqlitePage)
	head[18], head[19], head[21], head[22], head[23] = 1, 1, 64, 32, 32
	binary.BigEndian.PutUint32(head[28:], uint32(len(tables)+1)) // pages
	binary.BigEndian.PutUint32(head[44:], 4)                     // schema format
	binary.BigEndian.PutUint32(head[56:], 1)                     // UTF-8
	var schema [][]byte
	pages := [][]byte{nil}
	for i, t := range tables {
		sql := "CREATE TABLE " + t.name + " (key, hnum, idx)"
		schema = append(schema, sqliteRow(int64(i+1), "table", t.name, t.name, int64(i+2), sql))
		pages = append(pages, sqliteLeaf(nil, t.rows))
	}
	pages[0] = sqliteLeaf(head, schema)
	return slices.Concat(pages...)
}

// sqliteLeaf is the page of a table that fits one page; head stands before it on the first page.
func sqliteLeaf(head []byte, rows [][]byte) []byte {
	page := make([]byte, sqlitePage)
	copy(page, head)
	end, at := sqlitePage, len(head)
	for i, r := range rows {
		end -= len(r)
		copy(page[end:], r)
		binary.BigEndian.PutUint16(page[at+8+2*i:], uint16(end))
	}
	page[at] = 0x0d
	binary.BigEndian.PutUint16(page[at+3:], uint16(len(rows)))
	binary.BigEndian.PutUint16(page[at+5:], uint16(end))
	return page
}

// sqliteRow is a cell of a leaf: values are nil, int64, string or []byte.
func sqliteRow(id int64, values ...any) []byte {
	var types, body []byte
	for _, v := range values {
		switch v := v.(type) {
		case nil:
			types = append(types, 0)
		case int64:
			types = append(types, 6)
			body = binary.BigEndian.AppendUint64(body, uint64(v))
		case string:
			types = sqliteNumber(types, uint64(13+2*len(v)))
			body = append(body, v...)
		case []byte:
			types = sqliteNumber(types, uint64(12+2*len(v)))
			body = append(body, v...)
		}
	}
	record := slices.Concat(sqliteNumber(nil, uint64(len(types)+1)), types, body)
	cell := sqliteNumber(nil, uint64(len(record)))
	return append(sqliteNumber(cell, uint64(id)), record...)
}

// sqliteNumber appends a number in SQLite's variable length, below 2^14.
func sqliteNumber(to []byte, n uint64) []byte {
	if n >= 1<<7 {
		to = append(to, byte(n>>7)|0x80)
	}
	return append(to, byte(n&0x7f))
}
