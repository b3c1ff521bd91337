//go:build linux

package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

// mountLayer puts a copy-on-write layer over base at dir/root. Where overlayfs won't have the cache folder as its upper
// layer, as inside most containers, the base is copied.
func mountLayer(ctx context.Context, base, dir string) (root string, err error) {
	root = filepath.Join(dir, "root")
	upper, work := filepath.Join(dir, "upper"), filepath.Join(dir, "work")
	for _, d := range []string{root, upper, work} {
		if err := os.Mkdir(d, 0o755); err != nil {
			return "", fmt.Errorf("cannot make layer: %w", err)
		}
	}
	options := strings.Join([]string{"lowerdir=" + base, "upperdir=" + upper, "workdir=" + work}, ",")
	if err := unix.Mount("overlay", root, "overlay", 0, options); err == nil {
		return root, nil
	}
	return root, copyTree(ctx, base, root)
}

// copyTree copies base into the empty or absent folder dir, with owners, modes and xattrs. No Go library does as well
// as cp here, and cp shares the blocks where the file system can.
func copyTree(ctx context.Context, base, dir string) error {
	if err := run(ctx, "cp", "--archive", "--reflink=auto", "--no-target-directory", base, dir); err != nil {
		return fmt.Errorf("cannot copy base: %w", err)
	}
	return nil
}

// unmountBelow unmounts all that is mounted below dir in this mount namespace, innermost first.
func unmountBelow(dir string) error {
	mounts, err := mountinfo.GetMounts(mountinfo.PrefixFilter(dir))
	if err != nil {
		return fmt.Errorf("cannot list mounts: %w", err)
	}
	for _, m := range slices.Backward(mounts) {
		if err := unix.Unmount(m.Mountpoint, unix.MNT_DETACH); err != nil {
			return fmt.Errorf("cannot unmount %s: %w", m.Mountpoint, err)
		}
	}
	return nil
}
