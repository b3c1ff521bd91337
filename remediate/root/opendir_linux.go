package root

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// OpenDir opens a directory for those that go on by descriptor.
func (r *Root) OpenDir(path string) (*os.File, error) {
	fd, err := r.open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("cannot open directory %s: %w", path, err)
	}
	return os.NewFile(uintptr(fd), path), nil
}
