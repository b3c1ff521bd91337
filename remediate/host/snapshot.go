package host

import (
	"context"
	"io/fs"
	"sync"

	"github.com/nodeimage/packer-plugin-harden/remediate/walk"
)

// Snapshot reads each thing once: every rule of a check sees the same file, and hundreds of rules about a few files
// cost as much as a few. What runs is not remembered.
//
// It remembers at most maxRemembered paths and maxContent bytes, and asks again for what is beyond. What it returns is
// shared and must not be changed.
func Snapshot(r Reader) Reader {
	return &snapshot{
		reader:  r,
		files:   map[string]remembered[[]byte]{},
		dirs:    map[string]remembered[[]fs.DirEntry]{},
		stats:   map[string]remembered[FileInfo]{},
		lstats:  map[string]remembered[FileInfo]{},
		links:   map[string]remembered[string]{},
		resolve: map[string]remembered[string]{},
		results: map[any]remembered[any]{},
	}
}

const (
	maxRemembered = 1 << 16
	maxContent    = 8 << 20
)

type remembered[T any] struct {
	value T
	err   error
}

type snapshot struct {
	reader Reader

	mu      sync.Mutex
	files   map[string]remembered[[]byte]
	dirs    map[string]remembered[[]fs.DirEntry]
	stats   map[string]remembered[FileInfo]
	lstats  map[string]remembered[FileInfo]
	links   map[string]remembered[string]
	resolve map[string]remembered[string]
	results map[any]remembered[any]
	content int // bytes remembered
	paths   int
}

// once asks for a path unless it is remembered. size is what remembering the value takes.
func once[T any](s *snapshot, known map[string]remembered[T], path string, ask func(string) (T, error), size func(T) int) (T, error) {
	s.mu.Lock()
	a, ok := known[path]
	s.mu.Unlock()
	if ok {
		return a.value, a.err
	}
	a.value, a.err = ask(path)
	n := len(path) + size(a.value)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paths < maxRemembered && s.content+n <= maxContent {
		s.paths++
		s.content += n
		known[path] = a
	}
	return a.value, a.err
}

func none[T any](T) int { return 0 }

func (s *snapshot) ReadFile(path string) ([]byte, error) {
	b, err := once(s, s.files, path, s.reader.ReadFile, func(b []byte) int { return len(b) })
	return b[:len(b):len(b)], err
}

func (s *snapshot) ReadDir(path string) ([]fs.DirEntry, error) {
	list, err := once(s, s.dirs, path, s.reader.ReadDir, func(list []fs.DirEntry) int { return 64 * len(list) })
	return list[:len(list):len(list)], err
}

func (s *snapshot) Stat(path string) (FileInfo, error) {
	return once(s, s.stats, path, s.reader.Stat, none)
}

func (s *snapshot) Lstat(path string) (FileInfo, error) {
	return once(s, s.lstats, path, s.reader.Lstat, none)
}

func (s *snapshot) Readlink(path string) (string, error) {
	return once(s, s.links, path, s.reader.Readlink, none)
}

func (s *snapshot) Resolve(path string) (string, error) {
	return once(s, s.resolve, path, s.reader.Resolve, none)
}

func (s *snapshot) Info() Info       { return s.reader.Info() }
func (s *snapshot) Running() Running { return s.reader.Running() }

func (s *snapshot) Walk(ctx context.Context, visit func(*walk.Entry) error) (walk.Summary, error) {
	return s.reader.Walk(ctx, visit)
}

// Once works something out from a machine's files, once where the machine is a Snapshot. The key is of a type of the
// caller's own, and says all that the result depends on beside the files. The result is shared and must not be changed.
func Once[T any](h Files, key any, work func() (T, error)) (T, error) {
	s, ok := h.(*snapshot)
	if !ok {
		return work()
	}
	return recall(s, key, work)
}

// Pure is Once for what depends on the key alone, such as the meaning of a text: it holds for planned files too.
func Pure[T any](h Files, key any, work func() (T, error)) (T, error) {
	for {
		switch machine := h.(type) {
		case *snapshot:
			return recall(machine, key, work)
		case *Overlay:
			h = machine.base
		default:
			return work()
		}
	}
}

func recall[T any](s *snapshot, key any, work func() (T, error)) (T, error) {
	s.mu.Lock()
	known, ok := s.results[key]
	s.mu.Unlock()
	if ok {
		value, _ := known.value.(T)
		return value, known.err
	}
	value, err := work()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.results) < maxRemembered {
		s.results[key] = remembered[any]{value, err}
	}
	return value, err
}
