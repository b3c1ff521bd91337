// Command compress packs a file with zstd for embedding: the same bytes in give the same bytes out,
// on any machine.
//
//	go run ./provisioner/embedded/compress IN OUT
package main

import (
	"fmt"
	"os"

	"github.com/klauspost/compress/zstd"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: compress IN OUT")
		os.Exit(2)
	}
	if err := compress(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func compress(in, out string) error {
	data, err := os.ReadFile(in)
	if err != nil {
		return fmt.Errorf("cannot compress: %w", err)
	}
	// One worker: with several, the blocks and so the bytes would depend on the number of processors.
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return fmt.Errorf("cannot compress: %w", err)
	}
	packed := z.EncodeAll(data, nil)

	// A build that is interrupted must not leave half a file for go:embed to pick up.
	partial := out + ".partial"
	if err := os.WriteFile(partial, packed, 0o644); err != nil {
		return fmt.Errorf("cannot compress: %w", err)
	}
	if err := os.Rename(partial, out); err != nil {
		return fmt.Errorf("cannot compress: %w", err)
	}
	return nil
}
