//go:build linux

package lab

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Unpack puts the files of Debian packages into the node's root, with those of what they depend on and the base lacks.
// The node's dpkg is told nothing and no script of theirs runs: it is for programs that look at a node, which must not
// change what there is to see. It returns the archives' file names. They are downloaded once for each base.
func (n *Node) Unpack(ctx context.Context, log io.Writer, packages ...string) ([]string, error) {
	base, err := Base(ctx, log)
	if err != nil {
		return nil, err
	}
	dir, err := archives(ctx, base, packages)
	if err != nil {
		return nil, fmt.Errorf("cannot download packages: %w", err)
	}
	debs, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, deb := range debs {
		if err := unpackArchive(ctx, deb, n.Root); err != nil {
			return nil, fmt.Errorf("cannot unpack %s: %w", filepath.Base(deb), err)
		}
		names = append(names, filepath.Base(deb))
	}
	return names, nil
}

// archives gives the folder of the archives, and fills it when it isn't there.
func archives(ctx context.Context, base string, packages []string) (string, error) {
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(filepath.Base(base) + "\n" + strings.Join(packages, "\n")))
	dir := filepath.Join(cache, "packages-"+hex.EncodeToString(sum[:6]))
	held, err := lock(dir + ".lock")
	if err != nil {
		return "", err
	}
	defer held.Close()
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	partial := dir + ".partial"
	if err := os.RemoveAll(partial); err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Join(partial, "partial"), 0o755); err != nil { // apt wants that name
		return "", err
	}
	// What is missing is worked out from the base's packages, not from this machine's.
	args := append([]string{"install", "--download-only", "--yes", "--no-install-recommends",
		"-o", "Dir::State::status=" + filepath.Join(base, "var/lib/dpkg/status"),
		"-o", "Dir::Cache::archives=" + partial}, packages...)
	if err := aptGet(ctx, args...); err != nil {
		if err := aptGet(ctx, "update"); err != nil {
			return "", err
		}
		if err := aptGet(ctx, args...); err != nil {
			return "", err
		}
	}
	return dir, os.Rename(partial, dir)
}

// unpackArchive keeps the links that stand for folders in a merged /usr, which dpkg-deb --extract would replace.
func unpackArchive(ctx context.Context, deb, root string) error {
	read := exec.CommandContext(ctx, "dpkg-deb", "--fsys-tarfile", deb)
	write := exec.CommandContext(ctx, "tar", "--extract", "--keep-directory-symlink", "--directory", root)
	pipe, err := read.StdoutPipe()
	if err != nil {
		return err
	}
	write.Stdin = pipe
	if err := read.Start(); err != nil {
		return err
	}
	out, err := write.CombinedOutput()
	pipe.Close() // so that the first doesn't wait for a second that is gone
	if err != nil {
		err = fmt.Errorf("%w: %s", err, lastLines(string(out), 3))
	}
	return errors.Join(err, read.Wait())
}
