package root

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// OpenFile opens a regular file for reading in parts, whatever its size, with the care of ReadFile.
func (r *Root) OpenFile(path string) (*os.File, error) {
	file, err := r.openFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot open %s: %w", path, err)
	}
	return file, nil
}

func (r *Root) openFile(path string) (*os.File, error) {
	seen, err := r.stat(path, 0)
	if err != nil {
		return nil, err
	}
	if err := regular(fileMode(seen.Mode)); err != nil {
		return nil, err
	}
	fd, err := r.open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY)
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), path)
	var st unix.Stat_t
	err = unix.Fstat(fd, &st)
	if err == nil {
		err = regular(fileMode(st.Mode))
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}
