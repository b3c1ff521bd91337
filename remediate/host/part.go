package host

import (
	"bytes"
	"io"
)

// Part is an open regular file that is read in parts.
type Part interface {
	io.ReaderAt
	io.Closer
	Size() (int64, error)
}

// opener is a machine that can open files larger than MaxFileSize, such as databases.
type opener interface {
	openPart(path string) (Part, error)
}

// OpenPart opens a regular file for reading in parts. It follows links as ReadFile does. Machines that
// know no better way give the content that ReadFile has, with its limit.
func OpenPart(files Files, path string) (Part, error) {
	if o, ok := files.(opener); ok {
		return o.openPart(path)
	}
	content, err := files.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return memory{bytes.NewReader(content)}, nil
}

type memory struct{ *bytes.Reader }

func (m memory) Size() (int64, error) { return m.Reader.Size(), nil }
func (memory) Close() error           { return nil }

func (r readOnly) openPart(path string) (Part, error) { return OpenPart(r.reader, path) }

func (s *snapshot) openPart(path string) (Part, error) { return OpenPart(s.reader, path) }

// openPart gives the overlay's content, or opens the file beneath.
func (o *Overlay) openPart(path string) (Part, error) {
	at, err := o.find(path, true)
	if err != nil || !at.exists || at.node != nil && !at.node.beneath {
		content, err := o.ReadFile(path)
		if err != nil {
			return nil, err
		}
		return memory{bytes.NewReader(content)}, nil
	}
	return OpenPart(o.base, at.path)
}
