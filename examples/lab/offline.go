//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// Tree unpacks a shape into dir, which must be absent or empty: a root file system that is not running, for what works
// on mounted images. It takes half a gigabyte, and root for the owners of files.
func Tree(ctx context.Context, shapeName, dir string, log io.Writer) error {
	s, err := findShape(shapeName)
	if err != nil {
		return err
	}
	if os.Geteuid() != 0 {
		return errors.New("cannot unpack a shape: not root")
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("cannot unpack a shape: %s is not empty", dir)
	}
	base, err := Base(ctx, log)
	if err != nil {
		return err
	}
	if err := copyTree(ctx, base, dir); err != nil {
		return err
	}
	t, err := openTree(dir)
	if err != nil {
		return err
	}
	defer t.Close()
	if err := s.apply(t); err != nil {
		return fmt.Errorf("cannot shape %s: %w", dir, err)
	}
	return personalize(t, shapeHost)
}

// shapeHost is the host name of an unpacked shape.
const shapeHost = "offline"
