package hosttest

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// CompileDconf makes the database /etc/dconf/db/NAME of the key files and locks of NAME.d, as "dconf update" would.
// Values are booleans, uint32 and strings without escapes.
func (f *Fake) CompileDconf(name string) {
	f.t.Helper()
	dir := "/etc/dconf/db/" + name + ".d"
	values := map[string][]byte{}
	for _, content := range f.contents(dir) {
		group := ""
		for line := range strings.SplitSeq(content, "\n") {
			key, value, ok := strings.Cut(line, "=")
			switch {
			case strings.HasPrefix(line, "["):
				group = strings.Trim(line, "[]")
			case ok && !strings.HasPrefix(line, "#"):
				values["/"+group+"/"+strings.TrimSpace(key)] = f.variant(strings.TrimSpace(value))
			}
		}
	}
	locks := map[string][]byte{}
	for _, content := range f.contents(dir + "/locks") {
		for lock := range strings.SplitSeq(content, "\n") {
			if strings.HasPrefix(lock, "/") {
				locks[lock] = f.variant("true")
			}
		}
	}
	f.Write("/etc/dconf/db/"+name, string(gvdbFile(values, locks)))
}

// contents reads the files of a directory by name, without its directories.
func (f *Fake) contents(dir string) (all []string) {
	f.t.Helper()
	entries, err := f.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	f.must(err)
	for _, e := range entries {
		if !e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			all = append(all, f.Read(path.Join(dir, e.Name())))
		}
	}
	return all
}

// variant is a value as GVariant stores it: its bytes, a zero, and its type.
func (f *Fake) variant(text string) []byte {
	f.t.Helper()
	number, isNumber := strings.CutPrefix(text, "uint32 ")
	switch {
	case text == "true":
		return []byte{1, 0, 'b'}
	case text == "false":
		return []byte{0, 0, 'b'}
	case isNumber:
		n, err := strconv.ParseUint(number, 10, 32)
		f.must(err)
		return append(binary.LittleEndian.AppendUint32(nil, uint32(n)), 0, 'u')
	case len(text) > 1 && text[0] == '\'' && text[len(text)-1] == '\'':
		return append([]byte(text[1:len(text)-1]), 0, 0, 's')
	}
	f.t.Fatalf("cannot compile the value %s", text)
	return nil
}

// gvdbFile is the format of gvdb-format.h: names and values, a table of locks, a table of all, and a header that
// points to it. One bucket of hashes is enough, and no name is split at its slashes.
func gvdbFile(values, locks map[string][]byte) []byte {
	file := make([]byte, 24)
	put := func(content []byte) (pointer []byte) {
		for len(file)%8 != 0 {
			file = append(file, 0)
		}
		pointer = binary.LittleEndian.AppendUint32(nil, uint32(len(file)))
		file = append(file, content...)
		return binary.LittleEndian.AppendUint32(pointer, uint32(len(file)))
	}
	item := func(name string, kind byte, content []byte) []byte {
		key := put([]byte(name))
		b := binary.LittleEndian.AppendUint32(nil, djbHash(name))
		b = binary.LittleEndian.AppendUint32(b, 0xffffffff) // no parent
		b = binary.LittleEndian.AppendUint16(append(b, key[:4]...), uint16(len(name)))
		return append(append(b, kind, 0), put(content)...)
	}
	table := func(entries map[string][]byte) []byte {
		b := binary.LittleEndian.AppendUint32(nil, 0) // no bloom filter
		b = binary.LittleEndian.AppendUint32(b, 1)
		b = binary.LittleEndian.AppendUint32(b, 0) // the bucket starts at the first entry
		for _, name := range slices.Sorted(maps.Keys(entries)) {
			b = append(b, item(name, 'v', entries[name])...)
		}
		return b
	}
	root := table(values)
	if len(locks) > 0 {
		root = append(root, item(".locks", 'H', table(locks))...)
	}
	pointer := put(root)
	copy(file, "GVariant")
	copy(file[16:], pointer)
	return file
}

func djbHash(name string) uint32 {
	hash := uint32(5381)
	for _, c := range []byte(name) {
		hash = hash*33 + uint32(int8(c))
	}
	return hash
}
