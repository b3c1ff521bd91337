//go:build linux

package lab

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// cacheDir is where the base systems and the state of the nodes live, below the user's cache folder.
func cacheDir(elem ...string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("cannot find the cache folder: %w", err)
	}
	dir := filepath.Join(append([]string{cache, "packer-plugin-harden", "lab"}, elem...)...)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("cannot make the cache folder: %w", err)
	}
	return dir, nil
}

// cached returns the path of what is called name in the cache, and has it built if it is absent: beside it first, so
// that what is there is whole. Two callers at once build once.
func cached(log io.Writer, name string, build func(path string, log io.Writer) error) (string, error) {
	if log == nil {
		log = io.Discard
	}
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(cache, name)
	held, err := lock(path + ".lock")
	if err != nil {
		return "", err
	}
	defer held.Close()
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	partial := path + ".partial"
	if err := os.RemoveAll(partial); err != nil {
		return "", fmt.Errorf("cannot remove what was not finished: %w", err)
	}
	if err := build(partial, log); err != nil {
		return "", err
	}
	if err := os.Rename(partial, path); err != nil {
		return "", fmt.Errorf("cannot keep %s: %w", path, err)
	}
	return path, nil
}

// errLocked says that someone else holds a lock.
var errLocked = errors.New("locked")

// lock takes the lock file at path, which is made if absent, and waits for it. The kernel gives a lock back when its
// holder dies, however it dies: that is what makes a stale node recognizable.
func lock(path string) (*os.File, error) { return flock(path, unix.LOCK_EX) }

// tryLock is lock, but gives errLocked instead of waiting.
func tryLock(path string) (*os.File, error) { return flock(path, unix.LOCK_EX|unix.LOCK_NB) }

func flock(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot open lock: %w", err)
	}
	for {
		err = unix.Flock(int(f.Fd()), how)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err == nil {
		return f, nil
	}
	f.Close()
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, errLocked
	}
	return nil, fmt.Errorf("cannot lock %s: %w", path, err)
}
