package rpm

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// Tags of a package's header, from rpm's rpmtag.h.
const (
	tagName        = 1000
	tagVersion     = 1001
	tagRelease     = 1002
	tagSummary     = 1004
	tagInstallTime = 1008
	tagDirIndexes  = 1116
	tagBaseNames   = 1117
	tagDirNames    = 1118
)

var errHeader = errors.New("a package's header is damaged")

// header is a package's header: an index of tags, and the store that they point into.
type header struct{ index, store []byte }

func parseHeader(blob []byte) (header, error) {
	if len(blob) < 8 {
		return header{}, errHeader
	}
	entries, size := int64(binary.BigEndian.Uint32(blob)), int64(binary.BigEndian.Uint32(blob[4:]))
	rest := blob[8:]
	if entries*16+size > int64(len(rest)) {
		return header{}, errHeader
	}
	return header{index: rest[:entries*16], store: rest[entries*16 : entries*16+size]}, nil
}

// find gives what is stored from where a tag starts, and how many values it has.
func (h header) find(tag uint32) (kind uint32, data []byte, count int) {
	for e := h.index; len(e) >= 16; e = e[16:] {
		if binary.BigEndian.Uint32(e) != tag {
			continue
		}
		at := binary.BigEndian.Uint32(e[8:])
		if int64(at) > int64(len(h.store)) {
			return 0, nil, 0
		}
		return binary.BigEndian.Uint32(e[4:]), h.store[at:], int(binary.BigEndian.Uint32(e[12:]) & 0x7fffffff)
	}
	return 0, nil, 0
}

// strings gives the values of a string, a list of strings, or a translated string.
func (h header) strings(tag uint32) []string {
	kind, data, count := h.find(tag)
	if kind != 6 && kind != 8 && kind != 9 {
		return nil
	}
	var out []string
	for range count {
		end := bytes.IndexByte(data, 0)
		if end < 0 {
			break
		}
		out = append(out, string(data[:end]))
		data = data[end+1:]
	}
	return out
}

func (h header) text(tag uint32) string {
	if all := h.strings(tag); len(all) > 0 {
		return all[0]
	}
	return ""
}

func (h header) ints(tag uint32) []uint32 {
	kind, data, count := h.find(tag)
	if kind != 4 {
		return nil
	}
	var out []uint32
	for ; count > 0 && len(data) >= 4; count-- {
		out = append(out, binary.BigEndian.Uint32(data))
		data = data[4:]
	}
	return out
}

// files lists the paths that the package holds.
func (h header) files() []string {
	dirs, bases, at := h.strings(tagDirNames), h.strings(tagBaseNames), h.ints(tagDirIndexes)
	var out []string
	for i, base := range bases {
		if i < len(at) && int64(at[i]) < int64(len(dirs)) {
			out = append(out, dirs[at[i]]+base)
		}
	}
	return out
}
