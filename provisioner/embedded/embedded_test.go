package embedded

import (
	"bytes"
	"errors"
	"testing"
	"testing/fstest"

	"github.com/klauspost/compress/zstd"
)

func TestUnpack(t *testing.T) {
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	want := bytes.Repeat([]byte("binary"), 1000)
	packed := z.EncodeAll(want, nil)
	files := fstest.MapFS{
		"bin/README.md":              {Data: []byte("no binaries yet")},
		"bin/harden_linux_amd64.zst": {Data: packed},
		"bin/harden_linux_arm64.zst": {Data: packed[:len(packed)/2]},
	}

	if got, err := unpack(files, "amd64"); err != nil || !bytes.Equal(got, want) {
		t.Errorf("amd64: %d bytes, %v", len(got), err)
	}
	if _, err := unpack(files, "arm64"); err == nil {
		t.Error("a truncated binary is unpacked")
	}
	for _, arch := range []string{"riscv64", "", "../bin/harden_linux_amd64", "a/../../b"} {
		_, err := unpack(files, arch)
		var missing *Missing
		if !errors.As(err, &missing) {
			t.Errorf("%q: error is %v, want *Missing", arch, err)
		}
	}
}
