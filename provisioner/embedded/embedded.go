// Package embedded holds the on-host binary "harden" for every architecture that an image may have,
// built from the same commit as the plugin, so that a build machine of any system can harden a Linux
// image, and so that nothing is downloaded on the target.
package embedded

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/klauspost/compress/zstd"
)

// The folder is there before the binaries are: its README stands in for them.
//
//go:embed all:bin
var files embed.FS

// largest bounds what a damaged file may unpack to.
const largest = 256 << 20

// Missing says that this build of the plugin carries no binary for a platform.
type Missing struct{ Arch string }

func (m *Missing) Error() string {
	return fmt.Sprintf("this build of the plugin has no harden binary for linux/%s: run make build", m.Arch)
}

// Archs are the architectures that an image may have, as Go names them.
func Archs() []string { return []string{"amd64", "arm64"} }

// Harden returns the binary for linux and the architecture, as Go names it. Its error is a *Missing
// when there is none.
func Harden(arch string) ([]byte, error) { return unpack(files, arch) }

func unpack(from fs.FS, arch string) ([]byte, error) {
	name := "bin/harden_linux_" + arch + ".zst"
	if !fs.ValidPath(name) {
		return nil, &Missing{arch}
	}
	f, err := from.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &Missing{arch}
	}
	if err != nil {
		return nil, fmt.Errorf("cannot open the embedded binary: %w", err)
	}
	defer f.Close()

	z, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(largest))
	if err != nil {
		return nil, fmt.Errorf("cannot unpack the embedded binary %s: %w", name, err)
	}
	defer z.Close()
	data, err := io.ReadAll(io.LimitReader(z, largest))
	if err != nil {
		return nil, fmt.Errorf("cannot unpack the embedded binary %s: %w", name, err)
	}
	return data, nil
}
